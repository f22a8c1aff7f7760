//! What can go wrong while simulating.

/// Why a simulation could not be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The zone or the date cannot be used: the zone database lacks the name, or the date is outside its range.
    #[error("the time cannot be computed: {0}; check that the zone database is installed and the dates are in range")]
    Time(#[from] jiff::Error),
    #[error("the CSV file cannot be written: {0}")]
    Csv(#[from] csv::Error),
    #[error("the output buffer cannot be finished: {0}")]
    Io(#[from] std::io::Error),
    #[error("the JSON file cannot be written: {0}")]
    Json(#[from] serde_json::Error),
    #[error("{days} days are too few; ask for at least {least}, so that every attack has room")]
    TooShort { days: u16, least: u16 },
}
