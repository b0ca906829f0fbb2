//! DEBUG PROTOCOL: one reply of each type, for clients' tests.
use crate::command::{Ctx, Error, Outcome};

const TYPES: &str =
    "string|integer|double|bignum|null|array|set|map|attrib|push|verbatim|true|false";

#[expect(
    clippy::approx_constant,
    reason = "the real server's sample number, not pi"
)]
pub(super) fn protocol(ctx: &mut Ctx<'_>) -> Outcome {
    let out = &mut *ctx.out;
    match ctx.args.get(2).to_ascii_lowercase().as_slice() {
        b"string" => out.bulk(b"Hello World"),
        b"integer" => out.int(12345),
        b"double" => out.double(3.141),
        b"bignum" => out.big_number(b"1234567999999999999999999999999999999"),
        b"null" => out.null(),
        b"array" => {
            out.array(3);
            (0..3).for_each(|n| out.int(n));
        }
        b"set" => {
            out.set(3);
            (0..3).for_each(|n| out.int(n));
        }
        b"map" => {
            out.map(3);
            for n in 0..3 {
                out.int(n);
                out.bool(n == 1);
            }
        }
        b"attrib" => {
            if out.resp3() {
                out.attribute(1);
                out.bulk(b"key-popularity");
                out.array(2);
                out.bulk(b"key:123");
                out.int(90);
            }
            // RESP2 has no attributes: only the reply is sent.
            out.bulk(b"Some real reply following the attribute");
        }
        b"push" => {
            if !out.resp3() {
                return Err(Error::new("ERR RESP2 is not supported by this command"));
            }
            // The message may come anywhere between replies; the real server sends it behind this one.
            out.bulk(b"Some real reply following the push reply");
            out.push(2);
            out.bulk(b"server-cpu-usage");
            out.int(42);
        }
        b"verbatim" => out.verbatim("txt", b"This is a verbatim\nstring"),
        b"true" => out.bool(true),
        b"false" => out.bool(false),
        _ => {
            return Err(Error::new(format!(
                "ERR Wrong protocol type name. Please use one of the following: {TYPES}"
            )));
        }
    }
    Ok(())
}
