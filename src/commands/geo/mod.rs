//! Geo commands: places in a sorted set, each member's score its geohash (`ds::geohash`).
//!
//! - `add`: GEOADD, which is ZADD with scores made of coordinates;
//! - `place`: what is known of single members;
//! - `search`: all members in an area.
mod add;
mod place;
mod request;
mod search;

use crate::base::num;
use crate::command::{Args, Command, Error};
use crate::ds::geohash::{LAT_MAX, LON_MAX, Point};
use crate::resp::Reply;

/// The family, file by file.
pub const TABLES: &[&[Command]] = &[add::TABLE, place::TABLE, search::TABLE];

/// The point of the two arguments from `at` on.
fn point(args: &Args<'_>, at: usize) -> Result<Point, Error> {
    let (lon, lat) = (args.float(at)?, args.float(at + 1)?);
    if lon.abs() <= LON_MAX && lat.abs() <= LAT_MAX {
        return Ok(Point { lon, lat });
    }
    let mut text = b"ERR invalid longitude,latitude pair ".to_vec();
    for (value, end) in [(lon, &b","[..]), (lat, b"")] {
        if value == f64::NEG_INFINITY {
            text.push(b'-');
        }
        text.extend_from_slice(num::fixed(value, 6).as_bytes());
        text.extend_from_slice(end);
    }
    Err(Error::bytes(text))
}

/// How many metres the unit has that a word names.
fn unit(word: &[u8]) -> Result<f64, Error> {
    const UNITS: [(&str, f64); 4] = [("m", 1.0), ("km", 1000.0), ("ft", 0.3048), ("mi", 1609.34)];
    let known = UNITS
        .iter()
        .find(|(name, _)| word.eq_ignore_ascii_case(name.as_bytes()));
    known.map(|(_, metres)| *metres).ok_or(Error::new(
        "ERR unsupported unit provided. please use M, KM, FT, MI",
    ))
}

/// Writes a distance: a bulk string with four digits behind the point.
fn reply_distance(out: &mut Reply, distance: f64) {
    let scaled = (distance * 10_000.0).round_ties_even() as i64;
    let mut text = Vec::with_capacity(24);
    num::write_i64(&mut text, scaled / 10_000);
    // A leading 1 keeps the zeros behind the point; the point takes its place.
    let point = text.len();
    num::write_i64(&mut text, 10_000 + scaled % 10_000);
    text[point] = b'.';
    out.bulk(&text);
}

/// Writes a point: longitude and latitude.
fn reply_point(out: &mut Reply, point: Point) {
    out.array(2);
    for value in [point.lon, point.lat] {
        let text = num::fixed(value, 17);
        let text = text.trim_end_matches('0').trim_end_matches('.');
        out.double_text(text.as_bytes());
    }
}
