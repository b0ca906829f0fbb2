//! Replies as values, and the notation that transcripts are written in.
//!
//! The notation is redis-cli's where that is unambiguous; where it is not, the kinds keep apart: `(nil)` is RESP2's null
//! bulk, `(nil array)` its null array, `(null)` is RESP3's; `OK` is a simple string, `"OK"` a bulk one.

/// One reply, RESP2 or RESP3.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reply {
    Simple(Vec<u8>),
    Error(Vec<u8>),
    Integer(i64),
    Bulk(Vec<u8>),
    NilBulk,
    NilArray,
    Null,
    Boolean(bool),
    /// As it was written: two spellings of one number are two replies.
    Double(Vec<u8>),
    BigNumber(Vec<u8>),
    Verbatim(Vec<u8>),
    Array(Vec<Reply>),
    Set(Vec<Reply>),
    Push(Vec<Reply>),
    Map(Vec<(Reply, Reply)>),
    /// Remarks (a map) that came before a reply, with that reply.
    Attribute(Box<Reply>, Box<Reply>),
}

/// Bytes that are no reply.
#[derive(Debug)]
pub struct Malformed(pub String);

/// The first reply in `bytes` and its length; `None` when it is not complete yet.
pub fn parse(bytes: &[u8]) -> Result<Option<(Reply, usize)>, Malformed> {
    let mut at = 0;
    Ok(value(bytes, &mut at, 0)?.map(|reply| (reply, at)))
}

fn line<'a>(bytes: &'a [u8], at: &mut usize) -> Option<&'a [u8]> {
    let rest = &bytes[*at..];
    let end = rest.windows(2).position(|w| w == b"\r\n")?;
    *at += end + 2;
    Some(&rest[..end])
}

fn number(text: &[u8]) -> Result<i64, Malformed> {
    let text = String::from_utf8_lossy(text);
    text.parse()
        .map_err(|_| Malformed(format!("not a number: {text:?}")))
}

fn value(bytes: &[u8], at: &mut usize, depth: usize) -> Result<Option<Reply>, Malformed> {
    if depth > 64 {
        return Err(Malformed("nested too deep".into()));
    }
    let Some(head) = line(bytes, at) else {
        return Ok(None);
    };
    let Some((&kind, text)) = head.split_first() else {
        return Err(Malformed("an empty line".into()));
    };
    Ok(Some(match kind {
        b'+' => Reply::Simple(text.to_vec()),
        b'-' => Reply::Error(text.to_vec()),
        b':' => Reply::Integer(number(text)?),
        b'_' if text.is_empty() => Reply::Null,
        b'#' if text == b"t" || text == b"f" => Reply::Boolean(text == b"t"),
        b',' => Reply::Double(text.to_vec()),
        b'(' => Reply::BigNumber(text.to_vec()),
        b'$' if text == b"-1" => Reply::NilBulk,
        b'*' if text == b"-1" => Reply::NilArray,
        b'$' | b'=' => {
            let len =
                usize::try_from(number(text)?).map_err(|_| Malformed("negative length".into()))?;
            let Some(body) = bytes.get(*at..*at + len + 2) else {
                return Ok(None);
            };
            if &body[len..] != b"\r\n" {
                return Err(Malformed("a bulk string does not end in CRLF".into()));
            }
            *at += len + 2;
            let body = body[..len].to_vec();
            if kind == b'$' {
                Reply::Bulk(body)
            } else {
                Reply::Verbatim(body)
            }
        }
        b'*' | b'~' | b'>' | b'%' => return aggregate(kind, number(text)?, bytes, at, depth),
        b'|' => {
            let remarks = aggregate(b'%', number(text)?, bytes, at, depth)?;
            let (Some(remarks), Some(reply)) = (remarks, value(bytes, at, depth + 1)?) else {
                return Ok(None);
            };
            Reply::Attribute(Box::new(remarks), Box::new(reply))
        }
        _ => {
            return Err(Malformed(format!(
                "unknown kind in {:?}",
                String::from_utf8_lossy(head)
            )));
        }
    }))
}

fn aggregate(
    kind: u8,
    count: i64,
    bytes: &[u8],
    at: &mut usize,
    depth: usize,
) -> Result<Option<Reply>, Malformed> {
    let mut items = Vec::new();
    for _ in 0..if kind == b'%' { count * 2 } else { count } {
        match value(bytes, at, depth + 1)? {
            Some(item) => items.push(item),
            None => return Ok(None),
        }
    }
    Ok(Some(match kind {
        b'*' => Reply::Array(items),
        b'~' => Reply::Set(items),
        b'>' => Reply::Push(items),
        _ => {
            let mut pairs = Vec::new();
            let mut items = items.into_iter();
            while let (Some(key), Some(value)) = (items.next(), items.next()) {
                pairs.push((key, value));
            }
            Reply::Map(pairs)
        }
    }))
}

impl Reply {
    pub fn is_error(&self) -> bool {
        matches!(self, Reply::Error(_))
    }

    /// The elements of an array, set or push; a map's keys and values one after the other.
    pub fn items(&self) -> Vec<&Reply> {
        match self {
            Reply::Array(items) | Reply::Set(items) | Reply::Push(items) => items.iter().collect(),
            Reply::Map(pairs) => pairs.iter().flat_map(|(k, v)| [k, v]).collect(),
            _ => Vec::new(),
        }
    }

    /// The value under a name: of a map, or of RESP2's flat array of pairs.
    pub fn field(&self, name: &str) -> Option<&Reply> {
        let items = self.items();
        items
            .chunks(2)
            .find(|pair| pair[0].text().is_some_and(|t| t == name.as_bytes()))
            .and_then(|pair| pair.get(1).copied())
    }

    /// The text of a string of any kind.
    pub fn text(&self) -> Option<&[u8]> {
        match self {
            Reply::Simple(t)
            | Reply::Bulk(t)
            | Reply::Verbatim(t)
            | Reply::Error(t)
            | Reply::Double(t) => Some(t),
            _ => None,
        }
    }

    pub fn lossy(&self) -> String {
        match self {
            Reply::Integer(n) => n.to_string(),
            other => String::from_utf8_lossy(other.text().unwrap_or(b"")).into_owned(),
        }
    }

    /// The same with the elements of every array, set and map in one canonical order: for replies without an order.
    pub fn sorted(self) -> Reply {
        let sort = |items: Vec<Reply>| {
            let mut items: Vec<Reply> = items.into_iter().map(Reply::sorted).collect();
            items.sort();
            items
        };
        match self {
            Reply::Array(items) => Reply::Array(sort(items)),
            Reply::Set(items) => Reply::Set(sort(items)),
            Reply::Push(items) => Reply::Push(sort(items)),
            Reply::Map(pairs) => {
                let mut pairs: Vec<_> = pairs
                    .into_iter()
                    .map(|(k, v)| (k.sorted(), v.sorted()))
                    .collect();
                pairs.sort();
                Reply::Map(pairs)
            }
            other => other,
        }
    }

    /// As `sorted`, for RESP2's flat field, value, field, value: the pairs stay together.
    pub fn sorted_pairs(self) -> Reply {
        match self {
            Reply::Array(items) if items.len().is_multiple_of(2) => {
                let mut pairs: Vec<[Reply; 2]> = items
                    .chunks(2)
                    .map(|p| [p[0].clone(), p[1].clone()])
                    .collect();
                pairs.sort();
                Reply::Array(pairs.into_iter().flatten().collect())
            }
            other => other.sorted(),
        }
    }

    /// Only the kinds: what stays when the content is a matter of chance. Errors keep their text.
    pub fn shape(&self) -> String {
        let list = |open: &str, items: Vec<&Reply>| {
            let mut kinds: Vec<String> = items.into_iter().map(Reply::shape).collect();
            kinds.sort();
            kinds.dedup();
            format!("<{open} of {}>", kinds.join(" or "))
        };
        match self {
            Reply::Simple(_) => "<simple>".into(),
            Reply::Error(_) => self.notation(),
            Reply::Integer(_) => "<integer>".into(),
            Reply::Bulk(_) => "<bulk>".into(),
            Reply::Boolean(_) => "<boolean>".into(),
            Reply::Double(_) => "<double>".into(),
            Reply::BigNumber(_) => "<big number>".into(),
            Reply::Verbatim(_) => "<verbatim>".into(),
            Reply::Array(items) if items.is_empty() => "(empty array)".into(),
            Reply::Array(_) => list("array", self.items()),
            Reply::Set(_) => list("set", self.items()),
            Reply::Push(_) => list("push", self.items()),
            Reply::Map(_) => list("map", self.items()),
            Reply::Attribute(_, reply) => reply.shape(),
            Reply::NilBulk | Reply::NilArray | Reply::Null => self.notation(),
        }
    }

    /// The text of a transcript, several lines for an aggregate.
    pub fn notation(&self) -> String {
        let numbered = |items: &[Reply], mark: &str, empty: &str| {
            if items.is_empty() {
                return format!("(empty {empty})");
            }
            let width = items.len().to_string().len();
            let rows = items
                .iter()
                .enumerate()
                .map(|(i, item)| under(&format!("{:>width$}{mark} ", i + 1), &item.notation()));
            rows.collect::<Vec<_>>().join("\n")
        };
        match self {
            Reply::Simple(t) => String::from_utf8_lossy(t).into_owned(),
            Reply::Error(t) => format!("(error) {}", plain(t)),
            Reply::Integer(n) => format!("(integer) {n}"),
            Reply::Bulk(t) => quote(t),
            Reply::NilBulk => "(nil)".into(),
            Reply::NilArray => "(nil array)".into(),
            Reply::Null => "(null)".into(),
            Reply::Boolean(b) => format!("({b})"),
            Reply::Double(t) => format!("(double) {}", plain(t)),
            Reply::BigNumber(t) => format!("(big number) {}", plain(t)),
            Reply::Verbatim(t) => format!("(verbatim) {}", quote(t)),
            Reply::Array(items) => numbered(items, ")", "array"),
            Reply::Set(items) => numbered(items, "~", "set"),
            Reply::Push(items) => numbered(items, ">", "push"),
            Reply::Map(pairs) if pairs.is_empty() => "(empty map)".into(),
            Reply::Map(pairs) => {
                let width = pairs.len().to_string().len();
                let rows = pairs.iter().enumerate().map(|(i, (k, v))| {
                    under(
                        &format!("{:>width$}# {} => ", i + 1, k.notation().replace('\n', " ")),
                        &v.notation(),
                    )
                });
                rows.collect::<Vec<_>>().join("\n")
            }
            Reply::Attribute(remarks, reply) => {
                let remarks = under("(attribute) ", &remarks.notation());
                format!("{remarks}\n{}", reply.notation())
            }
        }
    }
}

/// Put text behind a head, its further lines indented to stand beneath the first.
fn under(head: &str, text: &str) -> String {
    // A long head (a map's key) would push nested lines far to the right; three columns are enough to read.
    let indent = " ".repeat(if head.contains('#') { 3 } else { head.len() });
    let break_first = head.contains('#') && text.contains('\n');
    let joined = text.replace('\n', &format!("\n{indent}"));
    if break_first {
        format!("{}\n{indent}{joined}", head.trim_end())
    } else {
        format!("{head}{joined}")
    }
}

fn plain(text: &[u8]) -> String {
    let quoted = quote(text);
    quoted[1..quoted.len() - 1].replace("\\\"", "\"")
}

/// Bytes in double quotes, as redis-cli shows them and as `split` reads them.
pub fn quote(bytes: &[u8]) -> String {
    let mut out = String::from("\"");
    for &b in bytes {
        match b {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            7 => out.push_str("\\a"),
            8 => out.push_str("\\b"),
            32..=126 => out.push(b as char),
            _ => out.push_str(&format!("\\x{b:02x}")),
        }
    }
    out.push('"');
    out
}

/// An argument the shortest way: bare where that is unambiguous.
pub fn word(bytes: &[u8]) -> String {
    let bare = |b: &u8| b.is_ascii_graphic() && !matches!(b, b'"' | b'\'' | b'\\');
    if !bytes.is_empty() && bytes.iter().all(bare) {
        String::from_utf8_lossy(bytes).into_owned()
    } else {
        quote(bytes)
    }
}

/// A command as one line.
pub fn words(args: &[Vec<u8>]) -> String {
    args.iter().map(|a| word(a)).collect::<Vec<_>>().join(" ")
}

/// A command line in redis-cli's quoting, as arguments. `None` when a quote is left open.
pub fn split(line: &str) -> Option<Vec<Vec<u8>>> {
    let bytes = line.as_bytes();
    let (mut out, mut i) = (Vec::new(), 0);
    loop {
        while bytes.get(i).is_some_and(u8::is_ascii_whitespace) {
            i += 1;
        }
        if i >= bytes.len() {
            return Some(out);
        }
        let mut arg = Vec::new();
        let mut quote = None;
        loop {
            match (bytes.get(i), quote) {
                (None, None) => break,
                (None, Some(_)) => return None,
                (Some(b), None) if b.is_ascii_whitespace() => break,
                (Some(&b @ (b'"' | b'\'')), None) => quote = Some(b),
                (Some(&b), Some(q)) if b == q => quote = None,
                (Some(b'\\'), Some(b'"')) => {
                    i += escape(&bytes[i + 1..], &mut arg)?;
                }
                (Some(b'\\'), Some(b'\'')) if bytes.get(i + 1) == Some(&b'\'') => {
                    i += 1;
                    arg.push(b'\'');
                }
                (Some(&b), _) => arg.push(b),
            }
            i += 1;
        }
        out.push(arg);
    }
}

/// What follows a backslash: pushes the byte it stands for, gives how many bytes it took.
fn escape(rest: &[u8], out: &mut Vec<u8>) -> Option<usize> {
    let hex = rest
        .get(1..3)
        .and_then(|h| std::str::from_utf8(h).ok())
        .and_then(|h| u8::from_str_radix(h, 16).ok());
    if let (Some(b'x'), Some(byte)) = (rest.first(), hex) {
        out.push(byte);
        return Some(3);
    }
    out.push(match rest.first()? {
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'a' => 7,
        b'b' => 8,
        &b => b,
    });
    Some(1)
}

/// A command as it goes over the wire.
pub fn encode(args: &[Vec<u8>]) -> Vec<u8> {
    let mut out = format!("*{}\r\n", args.len()).into_bytes();
    for arg in args {
        out.extend_from_slice(format!("${}\r\n", arg.len()).as_bytes());
        out.extend_from_slice(arg);
        out.extend_from_slice(b"\r\n");
    }
    out
}
