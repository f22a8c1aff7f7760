//! Which addresses Veritrail may reach when it asks outside. Whoever may write a URL must not reach services inside the network with it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Why this address is out of bounds, if it is. Private networks and this machine can be allowed in the configuration; link-local
/// addresses, which hold the clouds' metadata services, and those that name no single machine never.
pub fn refused(address: IpAddr, allow_private: bool) -> Option<&'static str> {
    let address = match address {
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or(IpAddr::V6(v6), IpAddr::V4),
        v4 => v4,
    };
    match address {
        IpAddr::V4(v4) => never_v4(v4).or_else(|| private_v4(v4).filter(|_| !allow_private)),
        IpAddr::V6(v6) => never_v6(v6).or_else(|| private_v6(v6).filter(|_| !allow_private)),
    }
}

/// Whether the host of a URL, IPv6 with brackets or without, is this machine by its very name: what is sent there passes no network.
pub fn is_here(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare.eq_ignore_ascii_case("localhost") || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn never_v4(address: Ipv4Addr) -> Option<&'static str> {
    match address.octets() {
        [0, ..] => Some("an unspecified address"),
        [169, 254, ..] => Some("a link-local address"),
        [224..=255, ..] => Some("a multicast or reserved address"),
        _ => None,
    }
}

fn private_v4(address: Ipv4Addr) -> Option<&'static str> {
    match address.octets() {
        [127, ..] => Some("this machine"),
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] | [100, 64..=127, ..] => Some("a private network"),
        // RFC 6890: protocol assignments, documentation and benchmarking.
        [192, 0, 0 | 2, _] | [198, 18..=19, ..] | [198, 51, 100, _] | [203, 0, 113, _] => Some("an address outside the public internet"),
        _ => None,
    }
}

fn never_v6(address: Ipv6Addr) -> Option<&'static str> {
    let first = address.segments()[0];
    if address.is_unspecified() {
        Some("an unspecified address")
    } else if first & 0xffc0 == 0xfe80 {
        Some("a link-local address")
    } else if first & 0xff00 == 0xff00 {
        Some("a multicast address")
    } else {
        embedded_v4(address).and_then(never_v4)
    }
}

fn private_v6(address: Ipv6Addr) -> Option<&'static str> {
    let segments = address.segments();
    if address.is_loopback() {
        Some("this machine")
    } else if segments[0] & 0xfe00 == 0xfc00 || segments[0] & 0xffc0 == 0xfec0 {
        Some("a private network")
    } else if segments[0] == 0x2001 && segments[1] == 0x0db8 {
        Some("an address outside the public internet")
    } else {
        embedded_v4(address).and_then(private_v4)
    }
}

/// The IPv4 address that a translated one leads to: NAT64 (RFC 6052), 6to4 (RFC 3056), and the old compatible form.
fn embedded_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let s = address.segments();
    let of = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match s {
        [0x0064, 0xff9b, ..] => Some(of(s[6], s[7])),
        [0x2002, high, low, ..] => Some(of(high, low)),
        [0, 0, 0, 0, 0, 0, ..] if !address.is_loopback() => Some(of(s[6], s[7])),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(address: &str, unless_allowed: bool, even_if_allowed: bool) {
        let address: IpAddr = address.parse().unwrap();
        assert_eq!((refused(address, false).is_some(), refused(address, true).is_some()), (unless_allowed, even_if_allowed), "{address}");
    }

    #[test]
    fn this_machine_is_told_by_its_very_name() {
        for here in ["127.0.0.1", "127.9.9.9", "::1", "[::1]", "localhost", "LOCALHOST"] {
            assert!(is_here(here), "{here}");
        }
        for elsewhere in ["", "10.0.0.1", "[2001:db8::1]", "0.0.0.0", "localhost.example.com", "127.0.0.1.example.com", "db.example.com"] {
            assert!(!is_here(elsewhere), "{elsewhere}");
        }
    }

    #[test]
    fn public_addresses_pass_and_inner_ones_do_not() {
        for public in ["1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "64:ff9b::101:101"] {
            check(public, false, false);
        }
        for private in [
            "127.0.0.1",
            "10.0.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "100.64.0.1",
            "::1",
            "fd00::1",
            "::ffff:10.0.0.1",
            "64:ff9b::a00:1",
            "2002:a00:1::",
            "::10.0.0.1",
        ] {
            check(private, true, false);
        }
        for never in ["0.0.0.0", "169.254.169.254", "224.0.0.1", "255.255.255.255", "::", "fe80::1", "ff02::1", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe"]
        {
            check(never, true, true);
        }
    }
}
