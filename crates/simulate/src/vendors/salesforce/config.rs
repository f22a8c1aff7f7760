//! How the simulated organisation is set up.

use super::org::World;
use crate::Error;
use model::{DAY, Micros};

/// A private RSA key that everybody may know, PKCS #8 in PEM, for apps of simulated organisations.
pub const DEMO_KEY: &str = include_str!("demo/key.pem");
/// Its certificate, for [`Config::certificate`].
pub const DEMO_CERTIFICATE: &str = include_str!("demo/certificate.pem");

/// The connected app and the organisation's limits.
#[derive(Clone, Debug)]
pub struct Config {
    pub world: World,
    /// On 127.0.0.1; 0 is any free one.
    pub port: u16,
    /// The consumer key.
    pub client_id: String,
    /// The consumer secret, for the client credentials flow.
    pub client_secret: String,
    /// Who the app runs as, and who may be the `sub` of a JWT.
    pub username: String,
    /// PEM of the app's X.509 certificate, or of its public RSA key; without one no JWT is accepted.
    pub certificate: Option<String>,
    /// Accepted as `aud` of a JWT, besides the simulator's own address, which stands for the organisation's My Domain.
    pub audiences: Vec<String>,
    /// An access token ends after this many requests.
    pub token_requests: Option<u32>,
    /// An access token ends after this many seconds.
    pub token_secs: u32,
    /// Most records in one answer; never more than 2,000.
    pub page_size: usize,
    /// DailyApiRequests, Max.
    pub api_requests: u64,
    /// The moment up to which the world has happened, in microseconds; the wall clock where left out.
    pub now: Option<Micros>,
}

impl Config {
    /// An organisation in which all days of the world, and a week for late files, have passed.
    pub fn new(world: World) -> Result<Self, Error> {
        let now = Some(world.end()? + 7 * DAY);
        Ok(Self {
            world,
            port: 0,
            client_id: "3MVGsimulatedConsumerKey".to_owned(),
            client_secret: "simulated-consumer-secret".to_owned(),
            username: "veritrail@company.example".to_owned(),
            certificate: None,
            audiences: vec!["https://login.salesforce.com".to_owned(), "https://test.salesforce.com".to_owned()],
            token_requests: None,
            token_secs: 7_200,
            page_size: 2_000,
            api_requests: 100_000,
            now,
        })
    }
}
