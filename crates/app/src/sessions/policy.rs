//! How one gets in, as the host's configuration says.

use crate::members::{Breached, GroupRule};
use model::{DAY, HOUR, MINUTE, Micros, Role};

/// `[sign_in]` of the configuration.
#[derive(Clone, Debug)]
pub struct SignInPolicy {
    /// Roles that come in with a second factor only.
    pub second_factor: Vec<Role>,
    /// A session unused for this long is void.
    pub idle: Micros,
    /// A session this old is void however much it is used.
    pub absolute: Micros,
    /// A dangerous operation is allowed for this long after the member last showed who he is.
    pub shown: Micros,
    /// A code of an authenticator app counts in its own 30 seconds only.
    pub exact_codes: bool,
    /// What role the company's groups give; the first that fits counts.
    pub groups: Vec<GroupRule>,
    /// New passwords must not be in this list.
    pub breached: Breached,
}

impl Default for SignInPolicy {
    fn default() -> Self {
        Self { second_factor: Vec::new(), idle: 8 * HOUR, absolute: DAY, shown: 5 * MINUTE, exact_codes: false, groups: Vec::new(), breached: Breached::NoList }
    }
}

impl SignInPolicy {
    pub(crate) fn asks_second_factor(&self, role: Role) -> bool {
        self.second_factor.contains(&role)
    }
}
