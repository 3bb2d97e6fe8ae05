//! Which IP addresses are nobody else's business: a source or webhook must not reach
//! this machine, its network or a cloud's metadata service unless the user says so.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// First address, prefix length, and what people call the range.
const REFUSED_V4: [(Ipv4Addr, u32, &str); 17] = [
    // The two metadata services come first, so that they are called by their name.
    (Ipv4Addr::new(169, 254, 169, 254), 32, "cloud metadata"),
    // Azure serves its wire server from an address that looks public.
    (Ipv4Addr::new(168, 63, 129, 16), 32, "cloud metadata"),
    (Ipv4Addr::new(0, 0, 0, 0), 8, "unspecified"),
    (Ipv4Addr::new(10, 0, 0, 0), 8, "private"),
    (Ipv4Addr::new(100, 64, 0, 0), 10, "carrier-private"),
    (Ipv4Addr::new(127, 0, 0, 0), 8, "loopback"),
    (Ipv4Addr::new(169, 254, 0, 0), 16, "link-local"),
    (Ipv4Addr::new(172, 16, 0, 0), 12, "private"),
    (Ipv4Addr::new(192, 0, 0, 0), 24, "reserved"),
    (Ipv4Addr::new(192, 0, 2, 0), 24, "documentation"),
    (Ipv4Addr::new(192, 88, 99, 0), 24, "reserved"),
    (Ipv4Addr::new(192, 168, 0, 0), 16, "private"),
    (Ipv4Addr::new(198, 18, 0, 0), 15, "benchmark"),
    (Ipv4Addr::new(198, 51, 100, 0), 24, "documentation"),
    (Ipv4Addr::new(203, 0, 113, 0), 24, "documentation"),
    (Ipv4Addr::new(224, 0, 0, 0), 4, "multicast"),
    (Ipv4Addr::new(240, 0, 0, 0), 4, "reserved"),
];

/// What kind of address this is when it must not be reached unasked; `None` for an
/// address of the public internet.
pub fn refusal_of(ip: IpAddr) -> Option<&'static str> {
    match ip {
        IpAddr::V4(ip) => refusal_of_v4(ip),
        IpAddr::V6(ip) => refusal_of_v6(ip),
    }
}

fn refusal_of_v4(ip: Ipv4Addr) -> Option<&'static str> {
    REFUSED_V4
        .iter()
        .find(|(first, prefix_len, _)| {
            let mask = u32::MAX << (32 - prefix_len);
            ip.to_bits() & mask == first.to_bits()
        })
        .map(|(_, _, kind)| *kind)
}

fn refusal_of_v6(ip: Ipv6Addr) -> Option<&'static str> {
    let words = ip.segments();
    let last_v4 = v4_of(words[6], words[7]);
    match words {
        [0, 0, 0, 0, 0, 0, 0, 0] => return Some("unspecified"),
        [0, 0, 0, 0, 0, 0, 0, 1] => return Some("loopback"),
        // ::ffff:a.b.c.d is that IPv4 address for the operating system.
        [0, 0, 0, 0, 0, 0xffff, ..] => return refusal_of_v4(last_v4),
        // A network without IPv4 reaches the IPv4 internet through this prefix, so it
        // is as private as the address inside.
        [0x64, 0xff9b, 0, 0, 0, 0, ..] => return refusal_of_v4(last_v4),
        [0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x0254] => return Some("cloud metadata"),
        [0x2002, high, low, ..] => {
            if let Some(kind) = refusal_of_v4(v4_of(high, low)) {
                return Some(kind);
            }
        }
        // Teredo, benchmarks and other protocol assignments: no web server lives there.
        [0x2001, second, ..] if second < 0x0200 => return Some("reserved"),
        [0x2001, 0x0db8, ..] => return Some("documentation"),
        [0x3fff, second, ..] if second < 0x1000 => return Some("documentation"),
        [first, ..] if first & 0xffc0 == 0xfe80 => return Some("link-local"),
        [first, ..] if first & 0xffc0 == 0xfec0 => return Some("private"),
        [first, ..] if first & 0xfe00 == 0xfc00 => return Some("private"),
        [first, ..] if first & 0xff00 == 0xff00 => return Some("multicast"),
        // Only 2000::/3 is handed out for the internet; the rest (local NAT64, old
        // IPv4-compatible forms, segment routing) is somebody's inside.
        [first, ..] if first & 0xe000 != 0x2000 => return Some("reserved"),
        _ => (),
    }
    // ISATAP writes an IPv4 address into the last words of any prefix.
    if words[4] & !0x0200 == 0 && words[5] == 0x5efe {
        return refusal_of_v4(last_v4);
    }
    None
}

fn v4_of(high: u16, low: u16) -> Ipv4Addr {
    Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(ip: &str, expected: Option<&str>) {
        let ip: IpAddr = ip.parse().expect("the test names an address");
        assert_eq!(refusal_of(ip), expected, "{ip}");
    }

    #[test]
    fn inside_addresses_are_refused_by_kind() {
        check("127.0.0.1", Some("loopback"));
        check("127.255.255.254", Some("loopback"));
        check("0.0.0.0", Some("unspecified"));
        check("0.1.2.3", Some("unspecified"));
        check("10.1.2.3", Some("private"));
        check("172.16.0.1", Some("private"));
        check("172.31.255.255", Some("private"));
        check("192.168.1.1", Some("private"));
        check("100.64.0.1", Some("carrier-private"));
        check("100.100.100.200", Some("carrier-private"));
        check("169.254.1.1", Some("link-local"));
        check("169.254.169.254", Some("cloud metadata"));
        check("168.63.129.16", Some("cloud metadata"));
        check("192.0.0.192", Some("reserved"));
        check("192.0.2.7", Some("documentation"));
        check("198.51.100.7", Some("documentation"));
        check("203.0.113.7", Some("documentation"));
        check("198.19.255.255", Some("benchmark"));
        check("224.0.0.1", Some("multicast"));
        check("255.255.255.255", Some("reserved"));
        check("::", Some("unspecified"));
        check("::1", Some("loopback"));
        check("fe80::1", Some("link-local"));
        check("fec0::1", Some("private"));
        check("fc00::1", Some("private"));
        check("fd12:3456::1", Some("private"));
        check("fd00:ec2::254", Some("cloud metadata"));
        check("ff02::1", Some("multicast"));
        check("2001:db8::1", Some("documentation"));
        check("3fff:0:1::1", Some("documentation"));
        check("2001::1", Some("reserved"));
        check("5f00::1", Some("reserved"));
        check("64:ff9b:1::7f00:1", Some("reserved"));
    }

    #[test]
    fn an_ipv4_address_inside_an_ipv6_one_is_found() {
        check("::ffff:127.0.0.1", Some("loopback"));
        check("::ffff:169.254.169.254", Some("cloud metadata"));
        check("::ffff:8.8.8.8", None);
        check("::ffff:0:127.0.0.1", Some("reserved"));
        check("::127.0.0.1", Some("reserved"));
        check("64:ff9b::10.0.0.1", Some("private"));
        check("64:ff9b::8.8.8.8", None);
        check("2002:7f00:1::1", Some("loopback"));
        check("2002:c0a8:101::1", Some("private"));
        check("2002:808:808::1", None);
        check("2a00::5efe:10.0.0.1", Some("private"));
        check("2a00::200:5efe:127.0.0.1", Some("loopback"));
    }

    #[test]
    fn the_internet_is_open() {
        check("1.1.1.1", None);
        check("8.8.8.8", None);
        check("11.0.0.1", None);
        check("100.63.255.255", None);
        check("100.128.0.1", None);
        check("172.15.255.255", None);
        check("172.32.0.1", None);
        check("192.0.1.1", None);
        check("198.17.255.255", None);
        check("223.255.255.255", None);
        check("2606:4700:4700::1111", None);
        check("2a00:1450:4001::200e", None);
        check("2001:4860:4860::8888", None);
    }
}
