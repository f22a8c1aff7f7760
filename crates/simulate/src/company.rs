//! The company: 200 invented people in five departments, and two integrations.

use crate::Error;
use crate::vendors::salesforce::ids;
use jiff::ToSpan;
use jiff::civil::Date;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// How many people work here.
pub const HEADCOUNT: usize = 200;

const DEPARTMENTS: [(&str, usize, &str); 5] = [
    ("Sales", 90, "Account Executive"),
    ("Service", 60, "Service Representative"),
    ("Marketing", 25, "Campaign Planner"),
    ("Finance", 15, "Accountant"),
    ("Operations", 10, "Systems Administrator"),
];
const ZONES: [&str; 4] = ["Europe/Berlin", "Europe/London", "America/New_York", "Asia/Singapore"];
const FIRST: [&str; 20] = [
    "Ada", "Bruno", "Clara", "Dario", "Elin", "Farid", "Greta", "Hugo", "Ines", "Jonas", "Kaya", "Lars", "Mira", "Nils", "Olga", "Pavel", "Rosa", "Sven",
    "Tara", "Uma",
];
const LAST: [&str; 10] = ["Ahlberg", "Brandt", "Castell", "Dorn", "Ekholm", "Falk", "Grauwald", "Hartung", "Iversen", "Jansky"];

/// Someone who works here, with one account in the CRM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    pub employee_id: String,
    pub name: String,
    /// Also the user name in the CRM.
    pub email: String,
    pub title: String,
    /// IANA zone.
    pub zone: &'static str,
    pub department: &'static str,
    /// Place of the manager in [`Company::people`]; `None` for the heads of departments.
    pub manager: Option<usize>,
    pub from: Date,
    /// First day no longer employed.
    pub until: Option<Date>,
    /// The CRM's user id, 18 characters as Salesforce writes it.
    pub account: String,
    /// Where this person usually works from; a documentation address (RFC 5737, RFC 3849).
    pub address: IpAddr,
}

impl Person {
    pub fn employed_on(&self, day: Date) -> bool {
        day >= self.from && self.until.is_none_or(|until| day < until)
    }
}

/// A program that signs in by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Integration {
    pub name: &'static str,
    pub email: String,
    pub account: String,
    pub address: IpAddr,
}

/// The people and programs of the simulated company.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Company {
    pub people: Vec<Person>,
    pub integrations: [Integration; 2],
    /// Place in [`Company::people`] of the one who leaves.
    pub leaver: usize,
}

impl Company {
    /// The company as staffed on `start`; one of Sales leaves on `last_day`, which is the first day no longer employed.
    pub fn new(seed: u64, start: Date, last_day: Date) -> Result<Self, Error> {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut names: Vec<(&str, &str)> = FIRST.iter().flat_map(|first| LAST.iter().map(move |last| (*first, *last))).collect();
        names.shuffle(&mut rng);
        let mut people = Vec::with_capacity(HEADCOUNT);
        for (department, size, title) in DEPARTMENTS {
            let head = people.len();
            for place in 0..size {
                let index = people.len();
                let (first, last) = names[index];
                people.push(Person {
                    employee_id: format!("E{:04}", index + 1),
                    name: format!("{first} {last}"),
                    email: format!("{}.{}@company.example", first.to_lowercase(), last.to_lowercase()),
                    title: if place == 0 { format!("Head of {department}") } else { title.to_owned() },
                    zone: ZONES[rng.gen_range(0..ZONES.len())],
                    department,
                    manager: (place > 0).then_some(head),
                    from: start.checked_sub(rng.gen_range(30..2000_i64).days())?,
                    until: None,
                    account: account_id(index),
                    address: workplace(index),
                });
            }
        }
        let leaver = rng.gen_range(1..DEPARTMENTS[0].1);
        people[leaver].until = Some(last_day);
        Ok(Self { people, integrations: [integration(0, "Invoice Sync"), integration(1, "Mailing Bridge")], leaver })
    }
}

fn integration(place: usize, name: &'static str) -> Integration {
    let email = format!("{}@integration.company.example", name.to_lowercase().replace(' ', "-"));
    let host = 10 + u8::try_from(place).expect("there are two integrations");
    Integration { name, email, account: account_id(HEADCOUNT + place), address: Ipv4Addr::new(198, 51, 100, host).into() }
}

/// `005` is Salesforce's key prefix of users (Object Reference, User).
fn account_id(index: usize) -> String {
    ids::nth("005", index)
}

/// Every fourth person works over IPv6; 203.0.113.0/24 is kept for strangers.
fn workplace(index: usize) -> IpAddr {
    let host = u16::try_from(index + 1).expect("the company has 200 people");
    if index % 4 == 3 {
        return Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 0, 0, 0, host).into();
    }
    Ipv4Addr::new(192, 0, 2, u8::try_from(host).expect("the company has 200 people")).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use std::collections::HashSet;

    fn company(seed: u64) -> Company {
        Company::new(seed, date(2026, 3, 2), date(2026, 4, 1)).unwrap()
    }

    #[test]
    fn the_seed_decides() {
        assert_eq!(company(7), company(7));
        assert_ne!(company(7), company(8));
    }

    #[test]
    fn people_are_distinct_and_have_managers_of_their_department() {
        let company = company(1);
        assert_eq!(company.people.len(), HEADCOUNT);
        for key in [|p: &Person| p.email.clone(), |p: &Person| p.account.clone(), |p: &Person| p.address.to_string()] {
            assert_eq!(company.people.iter().map(key).collect::<HashSet<_>>().len(), HEADCOUNT);
        }
        assert_eq!(company.people.iter().filter(|p| p.manager.is_none()).count(), DEPARTMENTS.len());
        assert!(company.people.iter().all(|p| p.manager.is_none_or(|m| company.people[m].department == p.department)));
        assert!(company.people.iter().all(|p| p.account.len() == 18));
        let leaver = &company.people[company.leaver];
        assert!(leaver.employed_on(date(2026, 3, 31)) && !leaver.employed_on(date(2026, 4, 1)));
    }
}
