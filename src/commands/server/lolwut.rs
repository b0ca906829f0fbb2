//! LOLWUT: a picture, by a program that draws another one each time. Versions 5 and 6 have their own.
use crate::base::rng::Rng;
use crate::command::{Command, Ctx, F, Group, Outcome};

pub(super) const TABLE: &[Command] = &[LOLWUT];

const LOLWUT: Command = Command {
    name: "lolwut",
    arity: -1,
    flags: F::READONLY.with(F::FAST),
    since: "5.0.0",
    group: Group::Server,
    complexity: "O(area of the picture)",
    summary: "Draws a picture, and says the server's version.",
    syntax: "[VERSION=version:integer]",
    run: lolwut,
    ..Command::DEFAULT
};

fn lolwut(ctx: &mut Ctx<'_>) -> Outcome {
    let version = ctx.argc() >= 3 && ctx.args.is(1, "version");
    let number = if version { ctx.args.int(2)? } else { 0 };
    let mut sizes = Vec::new();
    // Without VERSION a real server looks at nothing else; with one, at whatever numbers follow.
    if number == 5 || number == 6 {
        for i in 3..ctx.argc().min(6) {
            sizes.push(ctx.args.int(i)?);
        }
    }
    let size = |i: usize, default: i64, max: i64| {
        sizes.get(i).copied().unwrap_or(default).clamp(1, max) as usize
    };
    let mut text = match number {
        5 => squares(
            ctx.rng,
            size(0, 66, 1000),
            size(1, 8, 200),
            size(2, 12, 200),
        ),
        6 => skyline(ctx.rng, size(0, 80, 1000), size(1, 20, 1000)),
        _ => String::new(),
    };
    text.push_str(&format!("Redis ver. {}\n", crate::REDIS_VERSION));
    ctx.out.verbatim("txt", text.as_bytes());
    Ok(())
}

/// A canvas of dots, printed as Braille: two dots wide, four high, in one character.
struct Canvas {
    width: usize,
    height: usize,
    dots: Vec<bool>,
}

impl Canvas {
    fn new(width: usize, height: usize) -> Canvas {
        Canvas {
            width,
            height,
            dots: vec![false; width * height],
        }
    }

    fn line(&mut self, (x0, y0): (f64, f64), (x1, y1): (f64, f64)) {
        let steps = (x1 - x0).abs().max((y1 - y0).abs()).ceil().max(1.0);
        for step in 0..=steps as u32 {
            let t = f64::from(step) / steps;
            let (x, y) = ((x0 + (x1 - x0) * t).round(), (y0 + (y1 - y0) * t).round());
            if x >= 0.0 && y >= 0.0 && (x as usize) < self.width && (y as usize) < self.height {
                self.dots[y as usize * self.width + x as usize] = true;
            }
        }
    }

    fn print(&self) -> String {
        // Bits of a Braille character, by column and row.
        const BITS: [[u32; 4]; 2] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]];
        let mut text = String::new();
        for top in (0..self.height).step_by(4) {
            for left in (0..self.width).step_by(2) {
                let mut bits = 0;
                for (dx, column) in BITS.iter().enumerate() {
                    for (dy, bit) in column.iter().enumerate() {
                        let (x, y) = (left + dx, top + dy);
                        if x < self.width && y < self.height && self.dots[y * self.width + x] {
                            bits |= bit;
                        }
                    }
                }
                text.push(char::from_u32(0x2800 + bits).unwrap_or(' '));
            }
            text.push('\n');
        }
        text
    }
}

/// Rows of squares that lose their order from top to bottom, after "Schotter" by Georg Nees (1968).
fn squares(rng: &mut Rng, columns: usize, per_row: usize, rows: usize) -> String {
    let width = columns * 2;
    let side = (width as f64 - 4.0).max(1.0) / per_row as f64;
    let height = (side * rows as f64).ceil() as usize + 4;
    let mut canvas = Canvas::new(width, height.min(4000));
    let chance = |rng: &mut Rng| rng.below(2001) as f64 / 1000.0 - 1.0;
    for row in 0..rows {
        let disorder = (row as f64 - 1.0).max(0.0) / rows as f64;
        for column in 0..per_row {
            let turn = chance(rng) * disorder;
            let cx = 2.0 + side * (column as f64 + 0.5) + chance(rng) * side / 3.0 * disorder;
            let cy = 2.0 + side * (row as f64 + 0.5) + chance(rng) * side / 3.0 * disorder;
            // A rational point of the circle: no sine, so the picture is the same on every machine.
            let (cos, sin) = (
                (1.0 - turn * turn) / (1.0 + turn * turn),
                2.0 * turn / (1.0 + turn * turn),
            );
            let half = side / 2.0;
            let corner = |dx: f64, dy: f64| {
                let (dx, dy) = (dx * half, dy * half);
                (cx + dx * cos - dy * sin, cy + dx * sin + dy * cos)
            };
            let corners = [
                corner(-1.0, -1.0),
                corner(1.0, -1.0),
                corner(1.0, 1.0),
                corner(-1.0, 1.0),
            ];
            for i in 0..4 {
                canvas.line(corners[i], corners[(i + 1) % 4]);
            }
        }
    }
    let mut text = canvas.print();
    text.push_str("\nAfter Georg Nees, Schotter, 1968. ");
    text
}

/// A skyline in grey blocks, window lights included, in terminal colours.
fn skyline(rng: &mut Rng, columns: usize, rows: usize) -> String {
    const SKY: &str = "\x1b[0;97;107m \x1b[0m";
    const FAR: &str = "\x1b[0;37;47m \x1b[0m";
    const NEAR: &str = "\x1b[0;90;100m \x1b[0m";
    const DARK: &str = "\x1b[0;30;40m \x1b[0m";
    let mut cells = vec![SKY; columns * rows];
    for shade in [FAR, NEAR, DARK] {
        let mut left = 0;
        while left < columns {
            let width = 3 + rng.below(9) as usize;
            let height = 1 + rng.below(rows as u64) as usize;
            for x in left..(left + width).min(columns) {
                for y in rows - height..rows {
                    let lit =
                        shade == DARK && (x - left) % 2 == 1 && (y + height).is_multiple_of(2);
                    cells[y * columns + x] = if lit && rng.below(3) == 0 { FAR } else { shade };
                }
            }
            left += width + rng.below(5) as usize;
        }
    }
    let mut text = String::new();
    for row in cells.chunks(columns) {
        text.extend(row.iter().copied());
        text.push('\n');
    }
    text.push_str("\nA skyline that nobody will see again. ");
    text
}
