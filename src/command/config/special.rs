//! Parameters with a syntax of their own.
use super::{Config, Refusal};
use crate::base::num;

/// Reads the words of a value; gives the text that CONFIG GET prints from then on.
pub type Special = fn(&Config, &[&[u8]]) -> Result<Vec<u8>, Refusal>;

type Read = Result<Vec<u8>, Refusal>;

fn text(words: &[&[u8]]) -> Vec<u8> {
    words.join(&b' ')
}

/// `save`: pairs of seconds and changes, or nothing.
pub(super) fn save(_: &Config, words: &[&[u8]]) -> Read {
    if words == [b""] {
        return Ok(Vec::new());
    }
    let bad = || Refusal::from("Invalid save parameters");
    if !words.len().is_multiple_of(2) {
        return Err(bad());
    }
    let mut printed = Vec::new();
    for pair in words.chunks(2) {
        let seconds = lenient_int(pair[0]).ok_or_else(bad)?;
        let changes = lenient_int(pair[1]).ok_or_else(bad)?;
        if seconds < 1 || changes < 0 {
            return Err(bad());
        }
        // The count is kept in 32 bits there.
        for n in [seconds, i64::from(changes as i32)] {
            if !printed.is_empty() {
                printed.push(b' ');
            }
            printed.extend_from_slice(n.to_string().as_bytes());
        }
    }
    Ok(printed)
}

/// `replicaof`: a host and a port, or nothing.
pub(super) fn primary(_: &Config, words: &[&[u8]]) -> Read {
    match words {
        [b""] => Ok(Vec::new()),
        [b"no", b"one"] => Ok(Vec::new()),
        [_, port] => match num::parse_i64(port) {
            Some(0..=65535) => Ok(text(words)),
            _ => Err("Invalid master port".into()),
        },
        _ => Err("wrong number of arguments".into()),
    }
}

/// A number as the C library reads it: with blanks and a sign in front, zeros, or nothing, which is 0. What is too large
/// is the largest.
fn lenient_int(word: &[u8]) -> Option<i64> {
    let digits = word.trim_ascii_start();
    let (digits, negative) = match digits {
        [b'-', rest @ ..] => (rest, true),
        [b'+', rest @ ..] => (rest, false),
        _ => (digits, false),
    };
    let all_digits = digits.iter().all(u8::is_ascii_digit);
    if !all_digits || (digits.is_empty() && !word.is_empty()) {
        return None;
    }
    let value = digits.iter().fold(0i64, |n, digit| {
        n.saturating_mul(10).saturating_add(i64::from(digit - b'0'))
    });
    Some(if negative { -value } else { value })
}

/// The points behind a value of `save`: seconds and changes.
pub(super) fn save_points(text: &[u8]) -> Vec<(i64, i64)> {
    let numbers: Vec<i64> = text
        .split(|&b| b == b' ')
        .filter_map(num::parse_i64)
        .collect();
    let pairs = numbers.chunks_exact(2);
    pairs.map(|pair| (pair[0], pair[1])).collect()
}

/// `client-output-buffer-limit`: the classes named change, the others stay.
pub(super) fn output_limits(config: &Config, words: &[&[u8]]) -> Read {
    const NAMES: [&str; 3] = ["normal", "slave", "pubsub"];
    if words == [b""] {
        return Ok(config.text("client-output-buffer-limit"));
    }
    if !words.len().is_multiple_of(4) {
        return Err("Wrong number of arguments in buffer limit configuration.".into());
    }
    let now = config.text("client-output-buffer-limit");
    let mut limits: Vec<Vec<u8>> = now.split(|&b| b == b' ').map(<[u8]>::to_vec).collect();
    for class in words.chunks(4) {
        let is = |name: &str| class[0].eq_ignore_ascii_case(name.as_bytes());
        let at = NAMES
            .iter()
            .position(|n| is(n))
            .or(is("replica").then_some(1))
            .ok_or("Invalid client class specified in buffer limit configuration.")?;
        let wrong = "Error in hard, soft or soft_seconds setting in buffer limit configuration.";
        let hard = num::parse_memory_u64(class[1]).ok_or(wrong)?;
        let soft = num::parse_memory_u64(class[2]).ok_or(wrong)?;
        let seconds = num::parse_i64(class[3]).filter(|&s| s >= 0).ok_or(wrong)?;
        limits[at * 4 + 1] = hard.to_string().into();
        limits[at * 4 + 2] = soft.to_string().into();
        limits[at * 4 + 3] = seconds.to_string().into();
    }
    Ok(limits.join(&b' '))
}

/// How much output may wait for a client before its connection is ended. 0 is no limit.
#[derive(Clone, Copy, Debug, Default)]
pub struct OutputLimit {
    pub hard_bytes: u64,
    pub soft_bytes: u64,
    /// For how long the soft limit may be passed.
    pub soft_seconds: i64,
}

/// The limits in a value of `client-output-buffer-limit` as CONFIG GET prints it.
pub(super) fn read_output_limits(text: &[u8]) -> [OutputLimit; 3] {
    let mut limits = [OutputLimit::default(); 3];
    let words: Vec<&[u8]> = text.split(|&b| b == b' ').collect();
    for (limit, class) in limits.iter_mut().zip(words.chunks_exact(4)) {
        let number = |i: usize| num::parse_memory_u64(class[i]).unwrap_or(0);
        *limit = OutputLimit {
            hard_bytes: number(1),
            soft_bytes: number(2),
            soft_seconds: number(3) as i64,
        };
    }
    limits
}

/// The letters of `notify-keyspace-events` and the bits of `keyspace::Class` that they stand for, in printing order.
const EVENT_LETTERS: [(u8, u32); 11] = [
    (b'g', 1 << 2),
    (b'$', 1 << 3),
    (b'l', 1 << 4),
    (b's', 1 << 5),
    (b'h', 1 << 6),
    (b'z', 1 << 7),
    (b'x', 1 << 8),
    (b'e', 1 << 9),
    (b't', 1 << 10),
    (b'd', 1 << 13),
    (b'n', 1 << 14),
];
const EVENT_SCOPES: [(u8, u32); 3] = [(b'K', 1), (b'E', 1 << 1), (b'm', 1 << 11)];

/// What the letter A stands for: all but `m` and `n`.
fn all_events() -> u32 {
    let letters = EVENT_LETTERS.iter().filter(|(l, _)| *l != b'n');
    letters.fold(0, |bits, (_, bit)| bits | bit)
}

/// The classes that a value of `notify-keyspace-events` names; `None` if a letter is unknown.
pub(super) fn event_classes(value: &[u8]) -> Option<u32> {
    value.iter().try_fold(0, |bits, letter| {
        if *letter == b'A' {
            return Some(bits | all_events());
        }
        let mut letters = EVENT_LETTERS.iter().chain(&EVENT_SCOPES);
        letters
            .find(|(l, _)| l == letter)
            .map(|(_, bit)| bits | bit)
    })
}

/// `notify-keyspace-events`.
pub(super) fn events(_: &Config, words: &[&[u8]]) -> Read {
    let bits =
        event_classes(words[0]).ok_or("Invalid event class character. Use 'Ag$lshzxeKEtmdn'.")?;
    // As a real server prints it: behind an A there is no n, though it counts.
    let all = bits & all_events() == all_events();
    let mut text = Vec::new();
    if all {
        text.push(b'A');
    } else {
        let on = EVENT_LETTERS.iter().filter(|(_, bit)| bits & bit != 0);
        text.extend(on.map(|(letter, _)| letter));
    }
    let on = EVENT_SCOPES.iter().filter(|(_, bit)| bits & bit != 0);
    text.extend(on.map(|(letter, _)| letter));
    Ok(text)
}

/// `oom-score-adj-values`: three numbers.
pub(super) fn oom_scores(_: &Config, words: &[&[u8]]) -> Read {
    if words.len() != 3 {
        return Err("wrong number of arguments".into());
    }
    let good = |w: &&[u8]| num::parse_i64(w).is_some_and(|n| (-2000..=2000).contains(&n));
    if !words.iter().all(good) {
        return Err(
            "Invalid oom-score-adj-values, elements must be between -2000 and 2000.".into(),
        );
    }
    Ok(text(words))
}

/// `latency-tracking-info-percentiles`: numbers from 0 to 100, or nothing.
pub(super) fn percentiles(_: &Config, words: &[&[u8]]) -> Read {
    if words == [b""] {
        return Ok(Vec::new());
    }
    let mut out = Vec::new();
    for word in words {
        let value =
            num::parse_f64(word).ok_or("Invalid latency-tracking-info-percentiles parameters")?;
        if !(0.0..=100.0).contains(&value) {
            return Err(
                "latency-tracking-info-percentiles parameters should sit between [0.0,100.0]"
                    .into(),
            );
        }
        if !out.is_empty() {
            out.push(b' ');
        }
        num::write_f64_g(&mut out, value, 10);
    }
    Ok(out)
}

/// `bind`: addresses, or nothing.
pub(super) fn bind(_: &Config, words: &[&[u8]]) -> Read {
    if words.len() > 16 {
        return Err("Too many bind addresses specified.".into());
    }
    Ok(text(words))
}

/// `cluster-announce-hostname`.
pub(super) fn hostname(_: &Config, words: &[&[u8]]) -> Read {
    let good = |b: &u8| b.is_ascii_alphanumeric() || *b == b'-' || *b == b'.';
    if words[0].len() >= 256 {
        return Err("Hostnames must be less than 256 characters".into());
    }
    if !words[0].iter().all(good) {
        return Err("Hostnames may only contain alphanumeric characters, hyphens or dots".into());
    }
    Ok(words[0].to_vec())
}

/// `cluster-announce-human-nodename`: what can stand in a node's line of the cluster's file.
pub(super) fn nodename(_: &Config, words: &[&[u8]]) -> Read {
    if words[0]
        .iter()
        .any(|b| b"\0!#$%&()*+;<>?@[]^{|}~".contains(b))
    {
        return Err("Announced human node name contained invalid character".into());
    }
    Ok(words[0].to_vec())
}

/// `tls-cluster`, `tls-replication`: there is no TLS to be switched on.
pub(super) fn no_tls(_: &Config, words: &[&[u8]]) -> Read {
    if words[0].eq_ignore_ascii_case(b"no") {
        Ok(b"no".to_vec())
    } else if words[0].eq_ignore_ascii_case(b"yes") {
        Err("Unable to update TLS configuration. Check server logs.".into())
    } else {
        Err("argument must be 'yes' or 'no'".into())
    }
}

/// `tls-port`.
pub(super) fn no_tls_port(_: &Config, words: &[&[u8]]) -> Read {
    match num::parse_i64(words[0]) {
        Some(0) => Ok(b"0".to_vec()),
        Some(1..=65535) => Err("Unable to update TLS configuration. Check server logs.".into()),
        Some(_) => Err("argument must be between 0 and 65535 inclusive".into()),
        None => Err("argument couldn't be parsed into an integer".into()),
    }
}

/// `cluster-announce-client-ipv4`.
pub(super) fn ipv4(_: &Config, words: &[&[u8]]) -> Read {
    if !words[0].is_empty() && !is_ipv4(words[0]) {
        return Err("Invalid IPv4 address".into());
    }
    Ok(words[0].to_vec())
}

/// `cluster-announce-client-ipv6`.
pub(super) fn ipv6(_: &Config, words: &[&[u8]]) -> Read {
    if !words[0].is_empty() && !is_ipv6(words[0]) {
        return Err("Invalid IPv6 address".into());
    }
    Ok(words[0].to_vec())
}

/// Four numbers up to 255 without leading zeros.
fn is_ipv4(text: &[u8]) -> bool {
    let number = |part: &[u8]| num::parse_u64(part).is_some_and(|n| n <= 255);
    text.split(|&b| b == b'.').count() == 4 && text.split(|&b| b == b'.').all(number)
}

/// Eight groups of up to four hex digits; `::` once for one or more groups of zeros; the last two may be an IPv4 address.
fn is_ipv6(text: &[u8]) -> bool {
    let gap = text.windows(2).position(|pair| pair == b"::");
    match gap {
        None => ipv6_groups(text, true) == Some(8),
        Some(gap) => {
            let (before, after) = (&text[..gap], &text[gap + 2..]);
            let groups = |part: &[u8], last| match part {
                [] => Some(0),
                part => ipv6_groups(part, last),
            };
            let known = groups(before, false).zip(groups(after, true));
            known.is_some_and(|(before, after)| before + after < 8)
        }
    }
}

/// How many groups stand here; `last`: whether an IPv4 address may end them.
fn ipv6_groups(text: &[u8], last: bool) -> Option<usize> {
    let parts = text.split(|&b| b == b':');
    let end = parts.clone().count() - 1;
    let mut groups = 0;
    for (at, part) in parts.enumerate() {
        groups += if last && at == end && part.contains(&b'.') {
            is_ipv4(part).then_some(2)?
        } else {
            let good = matches!(part.len(), 1..=4) && part.iter().all(u8::is_ascii_hexdigit);
            good.then_some(1)?
        };
    }
    Some(groups)
}

/// `locale-collate`: strings are compared byte by byte here, whatever is asked for.
pub(super) fn locale(_: &Config, words: &[&[u8]]) -> Read {
    let known: [&[u8]; 4] = [b"", b"C", b"POSIX", b"C.UTF-8"];
    if !known.contains(&words[0]) {
        return Err("Invalid locale name".into());
    }
    Ok(words[0].to_vec())
}

/// `activedefrag`: there is no allocator to defragment.
pub(super) fn defrag(_: &Config, words: &[&[u8]]) -> Read {
    if words[0].eq_ignore_ascii_case(b"no") {
        Ok(b"no".to_vec())
    } else if words[0].eq_ignore_ascii_case(b"yes") {
        Err("Active defragmentation cannot be enabled: it requires a server compiled with a modified Jemalloc like the one shipped by default with the source distribution".into())
    } else {
        Err("argument must be 'yes' or 'no'".into())
    }
}

/// `proc-title-template`: text with `{title}` and the like.
pub(super) fn title(_: &Config, words: &[&[u8]]) -> Read {
    const KNOWN: [&[u8]; 7] = [
        b"title",
        b"listen-addr",
        b"server-mode",
        b"port",
        b"tls-port",
        b"unixsocket",
        b"config-file",
    ];
    let wrong = "template format is invalid or contains unknown variables";
    let template = words[0];
    let mut parts = template.split(|&b| b == b'{');
    let says_more = |text: &[u8]| text.iter().any(|&b| b != b' ');
    let mut says = says_more(parts.next().unwrap_or_default());
    for part in parts {
        let name = part.split(|&b| b == b'}').next().unwrap_or_default();
        if name.len() == part.len() || !KNOWN.contains(&name) {
            return Err(wrong.into());
        }
        // Some of them are empty where nothing is special.
        let empty: [&[u8]; 4] = [b"title", b"server-mode", b"unixsocket", b"config-file"];
        says |= !empty.contains(&name) || says_more(&part[name.len() + 1..]);
    }
    if !says {
        return Err(wrong.into());
    }
    Ok(words[0].to_vec())
}

#[cfg(test)]
mod tests {
    use super::{is_ipv4, is_ipv6};

    #[test]
    fn addresses_are_those_of_the_standard_library() {
        let mut rng = crate::base::rng::Rng::new(61);
        let parts = [
            "::", ":", "1", "0", "ff", "abcd", "12345", ".", "255", "256", "01", "1.2.3.4", "g",
        ];
        let mut good = 0;
        for _ in 0..200_000 {
            let count = rng.below(17);
            let text: String = (0..count)
                .map(|i| {
                    if i % 2 == 1 && rng.below(4) > 0 {
                        ":"
                    } else {
                        parts[rng.below(13) as usize]
                    }
                })
                .collect();
            let v6 = text.parse::<std::net::Ipv6Addr>().is_ok();
            assert_eq!(is_ipv6(text.as_bytes()), v6, "{text}");
            let v4 = text.parse::<std::net::Ipv4Addr>().is_ok();
            assert_eq!(is_ipv4(text.as_bytes()), v4, "{text}");
            good += u32::from(v6);
        }
        assert!(good > 100, "{good}");
    }
}
