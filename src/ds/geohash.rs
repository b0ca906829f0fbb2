//! Places on Earth as numbers that sort: geohash.
//!
//! Longitude and latitude are halved 26 times each, west or east, south or north; the answers, taken in turn, are the bits
//! of a number. Whoever is near mostly shares the first bits, so an area is one run of numbers, and a sorted set with these
//! numbers as scores finds everyone in it:
//!
//! ```text
//!             1 step (2 bits)          2 steps (4 bits)
//!   north   ┌───────┬───────┐      ┌────┬────┬────┬────┐
//!           │  01   │  11   │      │0101│0111│1101│1111│
//!           │       │       │      ├────┼────┼────┼────┤     bits:  lon lat lon lat
//!           ├───────┼───────┤      │0100│0110│1100│1110│
//!           │  00   │  10   │      ├────┼────┼────┼────┤
//!           │       │       │      │0001│0011│1001│1011│     all of 10.. lies between 1000 and 1011
//!           └───────┴───────┘      ├────┼────┼────┼────┤
//!         west            east     │0000│0010│1000│1010│
//!                                  └────┴────┴────┴────┘
//! ```
//!
//! Two neighbours may have far apart numbers (0111 and 1101 above). A search therefore takes the cell that its centre is
//! in, of a size such that this one and the eight around it cover the area, and reads nine runs of numbers; each place in
//! them is then measured. Latitudes end at ±85.05112878°, where the square world map of the Mercator projection ends.
//!
//! Distances are those on a sphere, by the haversine formula.
use crate::base::trig::{asin, cos, rough_cos, rough_sin, sin};

/// Halvings of each coordinate in a score: together 52 bits, which a double holds exactly.
pub const STEPS: u32 = 26;
/// The greatest longitude.
pub const LON_MAX: f64 = 180.0;
/// The greatest latitude that can be stored.
pub const LAT_MAX: f64 = 85.051_128_78;
const EARTH_RADIUS_M: f64 = 6_372_797.560_856;
/// Half the side of the Mercator map.
const MERCATOR_MAX_M: f64 = 20_037_726.37;
const RADIANS: f64 = std::f64::consts::PI / 180.0;

/// Degrees; east and north are positive.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    pub lon: f64,
    pub lat: f64,
}

/// A rectangle of the map: the bits of `steps` halvings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    bits: u64,
    steps: u32,
}

/// South-west and north-east corner.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Area {
    min: Point,
    max: Point,
}

/// What a search asks for around its centre, in metres.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shape {
    Circle { radius: f64 },
    Box { width: f64, height: f64 },
}

/// Spreads 32 bits over the even places of 64.
fn spread(bits: u32) -> u64 {
    let mut x = u64::from(bits);
    for (shift, mask) in [
        (16, 0x0000_FFFF_0000_FFFF),
        (8, 0x00FF_00FF_00FF_00FF),
        (4, 0x0F0F_0F0F_0F0F_0F0F),
        (2, 0x3333_3333_3333_3333),
        (1, 0x5555_5555_5555_5555),
    ] {
        x = (x | x << shift) & mask;
    }
    x
}

/// The even places of 64 bits, moved together.
fn gather(bits: u64) -> u32 {
    let mut x = bits & 0x5555_5555_5555_5555;
    for (shift, mask) in [
        (1, 0x3333_3333_3333_3333),
        (2, 0x0F0F_0F0F_0F0F_0F0F),
        (4, 0x00FF_00FF_00FF_00FF),
        (8, 0x0000_FFFF_0000_FFFF),
        (16, 0x0000_0000_FFFF_FFFF),
    ] {
        x = (x | x >> shift) & mask;
    }
    x as u32
}

/// Which of `2^steps` equal parts of `-max..=max` the value is in. The very end is in the part after the last.
fn part(value: f64, max: f64, steps: u32) -> u32 {
    ((value + max) / (max + max) * (1u64 << steps) as f64) as u32
}

/// Where part `index` of `2^steps` begins.
fn edge(index: u64, max: f64, steps: u32) -> f64 {
    -max + index as f64 / (1u64 << steps) as f64 * (max + max)
}

impl Cell {
    fn of(point: Point, lat_max: f64, steps: u32) -> Cell {
        let lat = part(point.lat, lat_max, steps);
        let lon = part(point.lon, LON_MAX, steps);
        Cell {
            bits: spread(lat) | spread(lon) << 1,
            steps,
        }
    }

    fn area(self) -> Area {
        let lat = u64::from(gather(self.bits));
        let lon = u64::from(gather(self.bits >> 1));
        let corner = |further: u64| Point {
            lon: edge(lon + further, LON_MAX, self.steps),
            lat: edge(lat + further, LAT_MAX, self.steps),
        };
        Area {
            min: corner(0),
            max: corner(1),
        }
    }

    /// The cell so many columns east and rows north, around the world where it ends.
    fn moved(self, east: i32, north: i32) -> Cell {
        let shift = |part: u32, by: i32| match by {
            0 => part,
            by => part.wrapping_add_signed(by) & ((1 << self.steps) - 1),
        };
        let lat = shift(gather(self.bits), north);
        let lon = shift(gather(self.bits >> 1), east);
        Cell {
            bits: spread(lat) | spread(lon) << 1,
            ..self
        }
    }

    /// The scores of all points in the cell: from the first up to before the second.
    pub fn scores(self) -> (f64, f64) {
        let unused = 2 * (STEPS - self.steps);
        let score = |bits: u64| (bits << unused) as f64;
        (score(self.bits), score(self.bits + 1))
    }
}

/// The score that stands for a point. O(1).
pub fn score(point: Point) -> f64 {
    Cell::of(point, LAT_MAX, STEPS).bits as f64
}

/// The middle of the cell that a score stands for; any double is one, cut as a 64-bit machine does. O(1).
pub fn point(score: f64) -> Point {
    let cell = Cell {
        bits: bits_of(score),
        steps: STEPS,
    };
    let Area { min, max } = cell.area();
    Point {
        lon: ((min.lon + max.lon) / 2.0).clamp(-LON_MAX, LON_MAX),
        lat: ((min.lat + max.lat) / 2.0).clamp(-LAT_MAX, LAT_MAX),
    }
}

/// A score as an unsigned number. Scores that no point has become what the real server's processor makes of them.
fn bits_of(score: f64) -> u64 {
    const TOP: u64 = 1 << 63;
    match score {
        _ if score >= 2.0 * TOP as f64 => 0,
        _ if score >= 0.0 => score as u64,
        _ if score >= -(TOP as f64) => score as i64 as u64,
        _ => TOP,
    }
}

/// The usual geohash text of a score's point: 11 characters, of which the last stands for bits that are not kept. O(1).
pub fn text(score: f64) -> [u8; 11] {
    const ALPHABET: &[u8; 32] = b"0123456789bcdefghjkmnpqrstuvwxyz";
    // The usual geohash counts latitudes up to the poles.
    let bits = Cell::of(point(score), 90.0, STEPS).bits;
    std::array::from_fn(|at| match at {
        10 => b'0',
        _ => ALPHABET[(bits >> (52 - 5 * (at + 1))) as usize & 31],
    })
}

/// Metres between two latitudes.
fn lat_distance(a: f64, b: f64) -> f64 {
    EARTH_RADIUS_M * (b * RADIANS - a * RADIANS).abs()
}

/// Metres from one point to another, the shortest way over the sphere. O(1).
pub fn distance(a: Point, b: Point) -> f64 {
    let v = sin((b.lon * RADIANS - a.lon * RADIANS) / 2.0);
    if v == 0.0 {
        return lat_distance(a.lat, b.lat);
    }
    let (lat_a, lat_b) = (a.lat * RADIANS, b.lat * RADIANS);
    let u = sin((lat_b - lat_a) / 2.0);
    let haversine = u * u + cos(lat_a) * cos(lat_b) * v * v;
    // Rounding may lift the root above 1 where the points are opposite.
    2.0 * EARTH_RADIUS_M * asin(haversine.sqrt().min(1.0))
}

/// Whether the point is farther than that for certain: most that a search meets are, and this is quick.
fn is_far(a: Point, b: Point, metres: f64) -> bool {
    // Far more than all rounding.
    const MARGIN: f64 = 1e-11;
    let half = (metres / EARTH_RADIUS_M / 2.0).min(std::f64::consts::FRAC_PI_2);
    let u = rough_sin((b.lat - a.lat) * RADIANS / 2.0);
    let v = rough_sin((b.lon - a.lon) * RADIANS / 2.0);
    let haversine = u * u + rough_cos(a.lat * RADIANS) * rough_cos(b.lat * RADIANS) * v * v;
    let limit = rough_sin(half);
    haversine > limit * limit + MARGIN
}

impl Shape {
    /// How far the point is from the centre, if it lies inside. O(1).
    pub fn reach(self, centre: Point, point: Point) -> Option<f64> {
        match self {
            Shape::Circle { radius } if is_far(centre, point, radius) => None,
            Shape::Circle { radius } => Some(distance(centre, point)).filter(|far| *far <= radius),
            Shape::Box { width, height } => {
                let across = Point {
                    lon: centre.lon,
                    ..point
                };
                let inside = lat_distance(point.lat, centre.lat) <= height / 2.0
                    && distance(point, across) <= width / 2.0;
                inside.then(|| distance(centre, point))
            }
        }
    }

    /// Half width, half height, and the way to the outermost point.
    fn extent(self) -> (f64, f64, f64) {
        match self {
            Shape::Circle { radius } => (radius, radius, radius),
            Shape::Box { width, height } => {
                let (x, y) = (width / 2.0, height / 2.0);
                (x, y, (x * x + y * y).sqrt())
            }
        }
    }

    /// A rectangle of the map around the area.
    fn bounds(self, centre: Point) -> Area {
        let (half_width, half_height, _) = self.extent();
        let north = half_height / EARTH_RADIUS_M / RADIANS;
        // Meridians run together towards the poles: the side nearer to one is the wider in degrees.
        let widest = match centre.lat < 0.0 {
            true => centre.lat - north,
            false => centre.lat + north,
        };
        let east = half_width / EARTH_RADIUS_M / cos(widest * RADIANS) / RADIANS;
        Area {
            min: Point {
                lon: centre.lon - east,
                lat: centre.lat - north,
            },
            max: Point {
                lon: centre.lon + east,
                lat: centre.lat + north,
            },
        }
    }

    /// The cells that a search has to read, in the order that a real server reads them in: the one in the middle, then
    /// north, south, east, west and the corners, without those that the area does not reach. O(1).
    pub fn cells(self, centre: Point) -> Vec<Cell> {
        let mut steps = steps_for(self.extent().2, centre.lat);
        let mut middle = Cell::of(centre, LAT_MAX, steps);
        let mut bounds = None;
        if steps > 1 {
            let around = self.bounds(centre);
            if !covers(middle, around) {
                steps -= 1;
                middle = Cell::of(centre, LAT_MAX, steps);
            }
            bounds = Some(around).filter(|_| steps > 1);
        }
        let own = middle.area();
        let needed = |east: i32, north: i32| {
            bounds.is_none_or(|around| {
                !(north < 0 && own.min.lat < around.min.lat
                    || north > 0 && own.max.lat > around.max.lat
                    || east < 0 && own.min.lon < around.min.lon
                    || east > 0 && own.max.lon > around.max.lon)
            })
        };
        let mut cells: Vec<Cell> = Vec::with_capacity(9);
        for (at, (east, north)) in AROUND.into_iter().enumerate() {
            let cell = middle.moved(east, north);
            // Very large cells meet themselves around the world. Like the real server, look at the last one only, and
            // not at the middle.
            let again = cells.len() > 1 && cells.last() == Some(&cell);
            if at == 0 || needed(east, north) && !again {
                cells.push(cell);
            }
        }
        cells
    }
}

/// East and north of the middle.
const AROUND: [(i32, i32); 9] = [
    (0, 0),
    (0, 1),
    (0, -1),
    (1, 0),
    (-1, 0),
    (1, 1),
    (-1, 1),
    (1, -1),
    (-1, -1),
];

/// How many steps make cells so large that the middle one and its neighbours mostly cover such a circle.
fn steps_for(mut radius: f64, lat: f64) -> u32 {
    if radius == 0.0 {
        return STEPS;
    }
    let mut steps = 1;
    while radius < MERCATOR_MAX_M {
        radius *= 2.0;
        steps += 1;
    }
    // Two for sure cover; towards the poles cells are narrower than they look.
    steps -= 2 + i32::from(lat.abs() > 66.0) + i32::from(lat.abs() > 80.0);
    steps.clamp(1, STEPS as i32) as u32
}

/// Whether the neighbours of the middle cell reach as far as the area on all sides.
fn covers(middle: Cell, around: Area) -> bool {
    let side = |east, north| middle.moved(east, north).area();
    !(side(0, 1).max.lat < around.max.lat
        || side(0, -1).min.lat > around.min.lat
        || side(1, 0).max.lon < around.max.lon
        || side(-1, 0).min.lon > around.min.lon)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::rng::Rng;

    fn anywhere(rng: &mut Rng, lat_max: f64) -> Point {
        Point {
            lon: (rng.float() * 2.0 - 1.0) * LON_MAX,
            lat: (rng.float() * 2.0 - 1.0) * lat_max,
        }
    }

    #[test]
    fn a_score_stands_for_a_point_nearby() {
        let mut rng = Rng::new(91);
        for _ in 0..20_000 {
            let here = anywhere(&mut rng, LAT_MAX);
            let there = point(score(here));
            assert!(distance(here, there) < 0.4, "{here:?} {there:?}");
            assert_eq!(score(there), score(here));
        }
    }

    #[test]
    fn neighbours_lie_side_by_side() {
        let mut rng = Rng::new(92);
        for _ in 0..5000 {
            let steps = 2 + rng.below(25) as u32;
            let cell = Cell::of(anywhere(&mut rng, 60.0), LAT_MAX, steps);
            let (own, east, north) = (cell.area(), cell.moved(1, 0), cell.moved(0, 1));
            assert!(own.max.lon == east.area().min.lon || own.max.lon == LON_MAX);
            assert!(own.max.lat == north.area().min.lat || own.max.lat == LAT_MAX);
            assert_eq!(east.moved(-1, 0), cell);
            assert_eq!(north.moved(0, -1), cell);
        }
    }

    /// A search reads every cell in which someone inside the area could be, except that 180° east has no cell of its own:
    /// a real server does not find who stands there from the west either.
    #[test]
    fn cells_cover_the_area() {
        let mut rng = Rng::new(93);
        let mut inside = 0;
        for round in 0..30_000 {
            let centre = anywhere(&mut rng, 60.0);
            let length = rng.float() * 10f64.powi(rng.below(7) as i32);
            let shape = match round % 2 {
                0 => Shape::Circle { radius: length },
                _ => Shape::Box {
                    width: length * (0.5 + rng.float()),
                    height: length * (0.5 + rng.float()),
                },
            };
            let degrees = length / 60_000.0;
            let other = Point {
                lon: (centre.lon + (rng.float() - 0.5) * degrees).clamp(-LON_MAX, 179.999_99),
                lat: (centre.lat + (rng.float() - 0.5) * degrees).clamp(-LAT_MAX, LAT_MAX),
            };
            let score = score(other);
            if shape.reach(centre, point(score)).is_none() {
                continue;
            }
            inside += 1;
            let found = shape.cells(centre).into_iter().any(|cell| {
                let (from, to) = cell.scores();
                (from..to).contains(&score)
            });
            assert!(found, "{shape:?} around {centre:?}: {other:?}");
        }
        assert!(inside > 5000, "{inside}");
    }

    #[test]
    fn texts_are_the_usual_ones() {
        let palermo = Point {
            lon: 13.361389,
            lat: 38.115556,
        };
        assert_eq!(&text(score(palermo)), b"sqc8b49rny0");
    }
}
