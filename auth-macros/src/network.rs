//! `"10.0.0.0/8"`: a network, or one address.

use std::net::IpAddr;

use syn::LitStr;

/// A network without bits behind its prefix.
#[derive(Clone)]
pub(crate) struct Network {
    pub(crate) address: IpAddr,
    pub(crate) prefix: u8,
}

impl Network {
    /// Reads an address, with or without a prefix length.
    pub(crate) fn parse(written: &LitStr) -> Result<Self, String> {
        let text = written.value();
        let problem = || {
            let text = if text.is_empty() { "\"\"" } else { &text };
            format!(
                "`{text}` is no network: write an address and a prefix length, such as `10.0.0.0/8` or `2001:db8::/32`, or one address"
            )
        };
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (&*text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| problem())?;
        let longest = if address.is_ipv4() { 32 } else { 128 };
        let prefix: u8 = match prefix {
            None => longest,
            // `+8` and `08` are numbers to `parse`, and nobody's way to write a prefix.
            Some(digits) if digits.starts_with(['+', '0']) && digits != "0" => {
                return Err(problem());
            }
            Some(digits) => digits.parse().ok().filter(|it| *it <= longest).ok_or_else(problem)?,
        };
        if let IpAddr::V6(v6) = address
            && let (Some(v4), Some(prefix)) = (v6.to_ipv4_mapped(), prefix.checked_sub(96))
        {
            let v4 = truncated(IpAddr::V4(v4), prefix);
            return Err(format!(
                "an IPv4 address in IPv6 clothing is an IPv4 address here: write `{v4}/{prefix}`"
            ));
        }
        if prefix == 0 {
            let family = if address.is_ipv4() { "IPv4" } else { "IPv6" };
            return Err(format!(
                "`{text}` is every {family} address, so it checks nothing: remove it, or name a network"
            ));
        }
        let network = Self { address: truncated(address, prefix), prefix };
        if network.address != address {
            return Err(format!(
                "`{text}` has bits set behind its prefix: write `{}`",
                network.text()
            ));
        }
        Ok(network)
    }

    /// How it is usually written.
    pub(crate) fn text(&self) -> String {
        format!("{}/{}", self.address, self.prefix)
    }
}

fn truncated(address: IpAddr, prefix: u8) -> IpAddr {
    match address {
        IpAddr::V4(v4) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0);
            IpAddr::V4((u32::from(v4) & mask).into())
        }
        IpAddr::V6(v6) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(prefix)).unwrap_or(0);
            IpAddr::V6((u128::from(v6) & mask).into())
        }
    }
}

#[cfg(test)]
mod tests {
    use proc_macro2::Span;

    use super::*;

    fn parse(text: &str) -> Result<String, String> {
        Network::parse(&LitStr::new(text, Span::call_site())).map(|network| network.text())
    }

    #[test]
    fn networks_are_read_strictly() {
        for (text, network) in [
            ("10.0.0.0/8", "10.0.0.0/8"),
            ("192.0.2.7", "192.0.2.7/32"),
            ("::1", "::1/128"),
            ("2001:db8::/32", "2001:db8::/32"),
        ] {
            assert_eq!(parse(text).as_deref(), Ok(network), "{text}");
        }
        for (text, part) in [
            ("10.0.0.1/8", "write `10.0.0.0/8`"),
            ("2001:db8::1/32", "write `2001:db8::/32`"),
            ("::ffff:10.0.0.0/104", "write `10.0.0.0/8`"),
            ("::ffff:10.0.0.1/104", "write `10.0.0.0/8`"),
            ("::ffff:10.0.0.0/80", "write `::/80`"),
            ("10.0.0.0/33", "is no network"),
            ("10.0.0/8", "is no network"),
            ("10.0.0.0/08", "is no network"),
            ("10.0.0.0/+8", "is no network"),
            ("10.0.0.0/", "is no network"),
            ("0.0.0.0/0", "every IPv4 address"),
            ("::/0", "every IPv6 address"),
            ("localhost", "is no network"),
            ("", "is no network"),
        ] {
            let problem = parse(text).unwrap_err();
            assert!(problem.contains(part), "{text}: {problem}");
        }
    }
}
