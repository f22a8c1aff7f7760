//! The directory file the company's HR would hand over.

use crate::{Company, Error};

/// The columns, in order. Dates are ISO 8601 days; several accounts would be separated by `;`.
pub const COLUMNS: [&str; 10] = ["employee_id", "name", "email", "title", "zone", "department", "manager_employee_id", "from", "until", "accounts"];

/// The directory as CSV (RFC 4180), one row per person, in the order of [`Company::people`].
pub fn directory_csv(company: &Company) -> Result<Vec<u8>, Error> {
    let mut out = csv::Writer::from_writer(Vec::new());
    out.write_record(COLUMNS)?;
    for person in &company.people {
        let manager = person.manager.map_or("", |place| company.people[place].employee_id.as_str());
        let from = person.from.to_string();
        let until = person.until.map(|day| day.to_string()).unwrap_or_default();
        out.write_record([
            person.employee_id.as_str(),
            &person.name,
            &person.email,
            &person.title,
            person.zone,
            person.department,
            manager,
            &from,
            &until,
            &person.account,
        ])?;
    }
    out.into_inner().map_err(|error| Error::Io(error.into_error()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn the_file_reads_back() {
        let company = Company::new(3, date(2026, 3, 2), date(2026, 4, 1)).unwrap();
        let bytes = directory_csv(&company).unwrap();
        assert_eq!(bytes, directory_csv(&company).unwrap());
        let mut reader = csv::Reader::from_reader(bytes.as_slice());
        assert_eq!(reader.headers().unwrap(), &csv::StringRecord::from(COLUMNS.to_vec()));
        let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        assert_eq!(rows.len(), company.people.len());
        assert_eq!(rows.iter().filter(|row| &row[8] == "2026-04-01").count(), 1);
        assert!(rows.iter().zip(&company.people).all(|(row, person)| row[9] == person.account && row[4] == *person.zone));
    }
}
