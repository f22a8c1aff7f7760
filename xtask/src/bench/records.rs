//! The records of the bench: a pure function of their number, so that every run and every engine has the same ones.
//!
//! 1,000 accounts, 100,000 records and 4,000 addresses, all skewed, over 90 days with working hours and weekends; about 650 bytes each, in the
//! plain form that the mapping `default` reads. Times rise with the number and never repeat, so "the newest 100" has one answer.

use std::fmt::Write;

pub const ACCOUNTS: u64 = 1_000;
pub const RECORDS: u64 = 100_000;
pub(super) const ROAMING_ADDRESSES: u64 = 3_000;
pub const DAYS: u64 = 90;
/// 2026-11-01T00:00:00Z, in microseconds: where the 90 days end.
pub const END: i64 = 1_793_491_200_000_000;
const HOUR: i64 = 3_600_000_000;
pub const DAY: i64 = 24 * HOUR;
pub const BEGIN: i64 = END - DAYS as i64 * DAY;
/// Times each rare word occurs, on average.
const RARE_TIMES: u64 = 10;
/// One event in this many holds a rare word.
const RARE_ONE_IN: u64 = 2_000;

/// Action, object type and share in 1,000; actions are those of the mapping `default`.
pub(super) const ACTS: [(&str, &str, u64); 12] = [
    ("logon", "", 40),
    ("logoff", "", 35),
    ("view", "account", 300),
    ("view", "contact", 220),
    ("view", "opportunity", 120),
    ("update", "account", 60),
    ("update", "contact", 70),
    ("create", "opportunity", 30),
    ("search", "contact", 80),
    ("export", "report", 15),
    ("query", "lead", 25),
    ("delete", "contact", 5),
];
const FIRST: [&str; 20] = [
    "Ada", "Bruno", "Clara", "Dario", "Elin", "Farid", "Greta", "Hugo", "Ines", "Jonas", "Kaya", "Lars", "Mira", "Nils", "Olga", "Pavel", "Rosa", "Sven",
    "Tara", "Uma",
];
const LAST: [&str; 10] = ["Ahlberg", "Brandt", "Castell", "Dorn", "Ekholm", "Falk", "Grauwald", "Hartung", "Iversen", "Jansky"];
const NOUNS: [&str; 24] = [
    "Harbour", "Quarry", "Lantern", "Meadow", "Granite", "Cinder", "Willow", "Anchor", "Copper", "Saddle", "Timber", "Velvet", "Marble", "Falcon", "Ember",
    "Juniper", "Cobalt", "Prairie", "Summit", "Thistle", "Beacon", "Canyon", "Orchard", "Pebble",
];
const FORMS: [&str; 6] = ["Works", "Trading", "Logistics", "Foods", "Instruments", "Holding"];
const AGENTS: [&str; 4] = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/128.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_6) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.6 Safari/605.1.15",
    "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
];
const PLACES: [(&str, &str); 5] = [("DE", "Hamburg"), ("FR", "Lyon"), ("GB", "Leeds"), ("US", "Boston"), ("SG", "Singapore")];

/// `count` records, numbered from 0.
pub struct Records {
    pub count: u64,
    /// Sum of the weights of all hours before each hour, and of all.
    weights: Vec<u64>,
}

/// A number that is as good as random, from a record's number and what it is for.
pub(super) fn mix(number: u64, purpose: u64) -> u64 {
    let mut z = number.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(purpose.wrapping_mul(0xd1b5_4a32_d192_ed03)) ^ 0x5851_f42d_4c95_7f2d;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Below `below`, the small ones far more often.
pub(super) fn skewed(number: u64, purpose: u64, below: u64) -> u64 {
    let uniform = mix(number, purpose) >> 43; // 21 bits, so that the cube fits
    let cube = u128::from(uniform).pow(3);
    u64::try_from((cube * u128::from(below)) >> 63).unwrap_or(0)
}

pub fn account(number: u64) -> String {
    format!("005BN{number:06}")
}

pub fn email(number: u64) -> String {
    format!("{}.{}{number}@company.example", FIRST[number as usize % 20].to_lowercase(), LAST[number as usize / 20 % 10].to_lowercase())
}

fn name(number: u64) -> String {
    format!("{} {} {number}", FIRST[number as usize % 20], LAST[number as usize / 20 % 10])
}

/// The type a record has, whoever touches it is given one of its type.
pub fn record(object_type: &str, number: u64) -> String {
    format!("{}-{number:06}", &object_type[..3])
}

pub fn home_address(account: u64) -> String {
    format!("10.{}.{}.{}", 20 + account / 250, account % 250, 10 + account % 97)
}

/// A word that about ten events hold.
pub fn rare_word(count: u64, number: u64) -> String {
    let pool = (count / RARE_ONE_IN / RARE_TIMES).max(1);
    format!("zq{:07x}", mix(number % pool, 99) & 0xfff_ffff)
}

impl Records {
    pub fn new(count: u64) -> Self {
        let mut weights = vec![0];
        for hour in 0..DAYS * 24 {
            // 2026-08-03, where the days begin, is a Monday.
            let (weekday, hour) = ((hour / 24) % 7, hour % 24);
            let weight = match hour {
                8..18 => 40,
                6..8 | 18..20 => 15,
                _ => 4,
            };
            let before = weights.last().copied().unwrap_or(0);
            weights.push(before + if weekday < 5 { weight } else { weight / 4 });
        }
        Self { count, weights }
    }

    /// Microseconds; rises with the number.
    pub fn time(&self, number: u64) -> i64 {
        let all = self.weights.last().copied().unwrap_or(1);
        // Where the number lies among all weights, in millionths of one.
        let at = u128::from(number) * u128::from(all) * 1_000_000 / u128::from(self.count.max(1));
        let hour = self.weights.partition_point(|w| u128::from(*w) * 1_000_000 <= at).saturating_sub(1);
        let (before, after) = (u128::from(self.weights[hour]) * 1_000_000, u128::from(self.weights.get(hour + 1).copied().unwrap_or(all)) * 1_000_000);
        let within = (at - before) * HOUR as u128 / (after - before).max(1);
        BEGIN + hour as i64 * HOUR + i64::try_from(within).unwrap_or(0)
    }

    /// Writes record `number` and a line end.
    pub fn write(&self, number: u64, out: &mut String) {
        let r = |purpose| mix(number, purpose);
        let account = skewed(number, 1, ACCOUNTS);
        let mut share = r(2) % 1_000;
        let (action, object_type, _) = ACTS.into_iter().find(|(_, _, s)| share.checked_sub(*s).map(|rest| share = rest).is_none()).unwrap_or(ACTS[2]);
        let failed = r(3) % 1_000 < if action == "logon" { 60 } else { 8 };
        let (email, name) = (self::email(account), name(account));
        let roaming = r(4) % 100 < 6;
        let address = if roaming {
            let n = skewed(number, 5, ROAMING_ADDRESSES);
            format!("192.0.{}.{}", n / 250, n % 250)
        } else {
            home_address(account)
        };
        let (country, city) = PLACES[if roaming { r(6) % 5 } else { account % 5 } as usize];
        // Writing to a string does not fail.
        let _ = write!(
            out,
            r#"{{"id":"e{number:09}","time":"{}","action":"{action}","outcome":"{}","actor_id":"{}","actor":"{email}","actor_name":"{name}","actor_kind":"human","application":"{}","#,
            rfc3339(self.time(number)),
            if failed { "failure" } else { "success" },
            self::account(account),
            ["Browser", "Mobile app", "Data loader"][(r(7) % 10 / 7) as usize + usize::from(action == "query")],
        );
        if !object_type.is_empty() {
            let record = if object_type == "report" { skewed(number, 8, 400) } else { skewed(number, 8, RECORDS / 5) };
            let label = format!("{} {} {}", NOUNS[record as usize % 24], NOUNS[record as usize / 24 % 24], FORMS[record as usize / 576 % 6]);
            let _ = write!(out, r#""object_type":"{object_type}","object_id":"{}","object_label":"{label}","#, self::record(object_type, record));
        }
        if matches!(action, "export" | "query" | "search") {
            let _ = write!(out, r#""rows":{},"#, 1 + skewed(number, 9, if action == "search" { 200 } else { 9_000 }));
        }
        if action == "update" {
            let (old, new) = (NOUNS[(r(10) % 24) as usize], NOUNS[(r(11) % 24) as usize]);
            let _ = write!(out, r#""changes":[{{"field":"segment","old":"{old}","new":"{new}"}}],"#);
        }
        let note = format!("{} {} {}", NOUNS[(r(12) % 24) as usize], NOUNS[(r(13) % 24) as usize], FORMS[(r(14) % 6) as usize]).to_lowercase();
        let rare = if r(15) % RARE_ONE_IN == 0 { format!(" {}", rare_word(self.count, r(16))) } else { String::new() };
        let _ = writeln!(
            out,
            r#""address":"{address}","user_agent":"{}","session":"s{:011x}","country":"{country}","city":"{city}","request":"{:016x}{:016x}","page":"/crm/app/{action}","note":"{note}{rare}"}}"#,
            AGENTS[(account % 4) as usize],
            mix(account * 100_000 + number / 20_000, 17) & 0xfff_ffff_ffff,
            r(18),
            r(19),
        );
    }

    /// The directory that makes a person of every account; columns as `veritrail directory import` reads them.
    pub fn directory() -> String {
        let mut out = String::from("employee_id,name,email,title,zone,department,manager_employee_id,from,until,accounts\n");
        for n in 0..ACCOUNTS {
            let department = ["Sales", "Service", "Marketing", "Finance", "Operations"][(n % 5) as usize];
            let _ = writeln!(out, "E{n:05},{},{},Staff,Europe/Berlin,{department},,2020-01-01,,{}", name(n), email(n), account(n));
        }
        out
    }
}

/// `2026-08-03T08:00:00.000001Z`. The days of the bench lie in four months of one year.
pub fn rfc3339(micros: i64) -> String {
    let (days, rest) = ((micros - BEGIN).div_euclid(DAY), (micros - BEGIN).rem_euclid(DAY));
    let (mut month, mut day) = (8, 3 + days);
    for length in [31, 30, 31, 30] {
        if day > length {
            (month, day) = (month + 1, day - length);
        } else {
            break;
        }
    }
    let seconds = rest / 1_000_000;
    format!("2026-{month:02}-{day:02}T{:02}:{:02}:{:02}.{:06}Z", seconds / 3_600, seconds / 60 % 60, seconds % 60, rest % 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn records_are_of_their_size_and_their_times_rise() {
        let records = Records::new(20_000);
        let (mut text, mut last, mut accounts) = (String::new(), i64::MIN, HashSet::new());
        for number in 0..records.count {
            let time = records.time(number);
            assert!(time > last && (BEGIN..END).contains(&time), "{number}");
            last = time;
            records.write(number, &mut text);
        }
        for line in text.lines() {
            let value: serde_json::Value = serde_json::from_str(line).expect("a record is JSON");
            accounts.insert(value["actor_id"].as_str().expect("an actor").to_owned());
        }
        let size = text.len() as u64 / records.count;
        assert!((560..700).contains(&size), "{size} bytes");
        assert!(accounts.len() > 900);
    }

    #[test]
    fn times_are_written_as_they_are() {
        assert_eq!(rfc3339(BEGIN), "2026-08-03T00:00:00.000000Z");
        assert_eq!(rfc3339(END - 1), "2026-10-31T23:59:59.999999Z");
        assert_eq!(rfc3339(BEGIN + 31 * DAY + 1), "2026-09-03T00:00:00.000001Z");
    }
}
