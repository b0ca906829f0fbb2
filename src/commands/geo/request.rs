//! What a search is asked for: the arguments of GEOSEARCH and of the GEORADIUS family.
use super::{point, unit};
use crate::base::num;
use crate::command::{Args, Command, Cursor, Error, F};
use crate::ds::geohash::{self, Point, Shape};
use crate::keyspace::zset::Zset;

/// How a command names centre and area.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// `key lon lat radius unit`
    Coords,
    /// `key member radius unit`
    Member,
    /// `key` and options
    Search,
    /// `destination source` and options
    SearchStore,
}

/// How distances are put in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// As they are found.
    None,
    NearFirst,
    FarFirst,
}

/// Where to look, what to reply.
pub(super) struct Request<'a> {
    /// None if it was named by a member and there is no key to look it up in.
    pub centre: Option<Point>,
    pub shape: Shape,
    /// Metres in the unit of the area and of distances in the reply.
    pub unit: f64,
    /// Most members wanted; 0: all.
    pub count: usize,
    /// The first ones found will do.
    pub any: bool,
    pub order: Order,
    pub with_distance: bool,
    pub with_hash: bool,
    pub with_point: bool,
    pub store: Option<&'a [u8]>,
    /// Distances are stored as scores, not geohashes.
    pub store_distance: bool,
}

/// Which options of GEOSEARCH came.
#[derive(Default)]
struct Seen {
    member: bool,
    coords: bool,
    radius: bool,
    bounds: bool,
}

impl<'a> Request<'a> {
    /// Reads all arguments; `zset` is the value of the source key.
    pub fn read(
        args: Args<'a>,
        command: &Command,
        form: Form,
        zset: Option<&Zset>,
    ) -> Result<Request<'a>, Error> {
        let mut request = Request {
            centre: None,
            shape: Shape::Circle { radius: 0.0 },
            unit: 1.0,
            count: 0,
            any: false,
            order: Order::None,
            with_distance: false,
            with_hash: false,
            with_point: false,
            store: None,
            store_distance: false,
        };
        let mut options = args.cursor(2);
        match form {
            Form::Coords => {
                request.centre = Some(point(&args, 2)?);
                options = args.cursor(4);
                request.circle(&mut options)?;
            }
            // Without the key nothing of the area is looked at.
            Form::Member if zset.is_none() => options = args.cursor(5),
            Form::Member => {
                request.member(zset, options.word()?)?;
                request.circle(&mut options)?;
            }
            Form::Search => {}
            Form::SearchStore => {
                request.store = Some(args.get(1));
                options = args.cursor(3);
            }
        }
        let mut seen = Seen::default();
        let may_store = command.flags.has(F::WRITE);
        while !options.is_done() {
            let known = request.plain_option(&mut options)?
                || match form {
                    Form::Coords | Form::Member => may_store && request.target(&mut options)?,
                    Form::Search | Form::SearchStore => {
                        request.place(&mut options, args, zset, &mut seen)?
                    }
                };
            if !known {
                return Err(Error::SYNTAX);
            }
        }
        request.check(form, &seen, args.get(0))?;
        Ok(request)
    }

    /// An option that all commands have; whether there was one.
    fn plain_option(&mut self, options: &mut Cursor<'a>) -> Result<bool, Error> {
        if options.take("withdist") {
            self.with_distance = true;
        } else if options.take("withhash") {
            self.with_hash = true;
        } else if options.take("withcoord") {
            self.with_point = true;
        } else if options.take("any") {
            self.any = true;
        } else if options.take("asc") {
            self.order = Order::NearFirst;
        } else if options.take("desc") {
            self.order = Order::FarFirst;
        } else if options.take_with("count", 1) {
            let count = options.int()?;
            if count <= 0 {
                return Err(Error::new("ERR COUNT must be > 0"));
            }
            self.count = usize::try_from(count).unwrap_or(usize::MAX);
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    /// Where GEORADIUS stores its result; whether that came next.
    fn target(&mut self, options: &mut Cursor<'a>) -> Result<bool, Error> {
        let distance = options.take_with("storedist", 1);
        if !distance && !options.take_with("store", 1) {
            return Ok(false);
        }
        self.store = Some(options.word()?);
        self.store_distance = distance;
        Ok(true)
    }

    /// Centre or area of GEOSEARCH; whether one of them came next.
    fn place(
        &mut self,
        options: &mut Cursor<'a>,
        args: Args<'a>,
        zset: Option<&Zset>,
        seen: &mut Seen,
    ) -> Result<bool, Error> {
        if self.store.is_some() && options.take("storedist") {
            self.store_distance = true;
        } else if !seen.coords && options.take_with("frommember", 1) {
            seen.member = true;
            self.member(zset, options.word()?)?;
        } else if !seen.member && options.take_with("fromlonlat", 2) {
            seen.coords = true;
            self.centre = Some(point(&args, options.position())?);
            *options = args.cursor(options.position() + 2);
        } else if !seen.bounds && options.take_with("byradius", 2) {
            seen.radius = true;
            self.circle(options)?;
        } else if !seen.radius && options.take_with("bybox", 3) {
            seen.bounds = true;
            let width = number(options, "ERR need numeric width")?;
            let height = number(options, "ERR need numeric height")?;
            if width < 0.0 || height < 0.0 {
                return Err(Error::new("ERR height or width cannot be negative"));
            }
            self.unit = unit(options.word()?)?;
            self.shape = Shape::Box {
                width: width * self.unit,
                height: height * self.unit,
            };
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    /// Takes a member's place as the centre.
    fn member(&mut self, zset: Option<&Zset>, member: &[u8]) -> Result<(), Error> {
        if let Some(zset) = zset {
            let score = zset
                .score(member)
                .ok_or(Error::new("ERR could not decode requested zset member"))?;
            self.centre = Some(geohash::point(score));
        }
        Ok(())
    }

    /// Reads a radius and its unit.
    fn circle(&mut self, options: &mut Cursor<'_>) -> Result<(), Error> {
        let radius = number(options, "ERR need numeric radius")?;
        if radius < 0.0 {
            return Err(Error::new("ERR radius cannot be negative"));
        }
        self.unit = unit(options.word()?)?;
        self.shape = Shape::Circle {
            radius: radius * self.unit,
        };
        Ok(())
    }

    /// Refuses options that contradict each other or are not enough.
    fn check(&self, form: Form, seen: &Seen, name: &[u8]) -> Result<(), Error> {
        if self.store.is_some() && (self.with_distance || self.with_hash || self.with_point) {
            return Err(Error::new(match form {
                Form::SearchStore => {
                    "ERR GEOSEARCHSTORE is not compatible with WITHDIST, WITHHASH and WITHCOORD options"
                }
                _ => {
                    "ERR STORE option in GEORADIUS is not compatible with WITHDIST, WITHHASH and WITHCOORD options"
                }
            }));
        }
        if matches!(form, Form::Search | Form::SearchStore) {
            let lacking = |what: &str| {
                let text = ["ERR exactly one of ", what, " can be specified for "].concat();
                let name = name.split(|b| *b == 0).next().unwrap_or_default();
                Error::bytes([text.as_bytes(), name].concat())
            };
            if !seen.member && !seen.coords {
                return Err(lacking("FROMMEMBER or FROMLONLAT"));
            }
            if !seen.radius && !seen.bounds {
                return Err(lacking("BYRADIUS and BYBOX"));
            }
        }
        if self.any && self.count == 0 {
            return Err(Error::new("ERR the ANY argument requires COUNT argument"));
        }
        Ok(())
    }
}

/// The next argument as a number, with an error text of its own.
fn number(options: &mut Cursor<'_>, error: &'static str) -> Result<f64, Error> {
    num::parse_f64(options.word()?).ok_or(Error::new(error))
}
