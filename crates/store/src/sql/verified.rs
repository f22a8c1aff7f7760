//! Whom a connection to PostgreSQL reaches: the server whose certificate says so.

use model::reach;
use sea_orm::sqlx::postgres::{PgConnectOptions, PgSslMode};

/// Towards another machine the server's certificate must be good and of its name, unless the URL asks for less (`require`, `verify-ca`, `disable`). What
/// an URL means that says nothing, TLS where the server happens to offer it, whoever stands between can take away.
pub(super) fn verified(options: PgConnectOptions) -> PgConnectOptions {
    let host = options.get_host();
    let here = options.get_socket().is_some() || host.starts_with('/') || reach::is_here(host);
    let unsaid = matches!(options.get_ssl_mode(), PgSslMode::Prefer | PgSslMode::Allow);
    if unsaid && !here { options.ssl_mode(PgSslMode::VerifyFull) } else { options }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_elsewhere_is_verified_unless_the_url_says_otherwise() {
        let mode = |url: &str| format!("{:?}", verified(url.parse().unwrap()).get_ssl_mode());
        for elsewhere in ["db.example.com", "10.0.0.5:5433", "[2001:db8::5]", "localhost.example.com"] {
            assert_eq!(mode(&format!("postgres://u:p@{elsewhere}/d")), "VerifyFull", "{elsewhere}");
            assert_eq!(mode(&format!("postgres://u:p@{elsewhere}/d?sslmode=prefer")), "VerifyFull", "{elsewhere}");
            assert_eq!(mode(&format!("postgres://u:p@{elsewhere}/d?sslmode=disable")), "Disable", "{elsewhere}");
            assert_eq!(mode(&format!("postgres://u:p@{elsewhere}/d?sslmode=verify-ca")), "VerifyCa", "{elsewhere}");
        }
        for here in ["127.0.0.1:5432", "localhost", "[::1]"] {
            assert_eq!(mode(&format!("postgres://u:p@{here}/d")), "Prefer", "{here}");
        }
        assert_eq!(mode("postgres:///d?host=/run/postgresql"), "Prefer");
    }
}
