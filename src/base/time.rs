//! Units of virtual time. The core has no clock: every moment comes in as a parameter.

/// Milliseconds: since the Unix epoch for a moment, or a length of time. Signed, because clients may name moments
/// before the epoch and lengths below zero.
pub type Millis = i64;

/// Microseconds, in the same two senses as [`Millis`].
pub type Micros = i64;

/// A moment (seconds since 1970) as the C library's `ctime` writes it, in UTC: `Sun Nov 22 02:04:09 2026`.
pub fn civil(seconds: i64) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    const FOUR_CENTURIES: i64 = 146_097;
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let weekday = DAYS[days.rem_euclid(7) as usize];
    // Years are counted from a first of March, so that the leap day is the last of its year.
    let since_march = days + 719_468;
    let (era, day) = (
        since_march.div_euclid(FOUR_CENTURIES),
        since_march.rem_euclid(FOUR_CENTURIES),
    );
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let year = 400 * era + year + i64::from(month >= 10);
    let month = MONTHS[((month + 2) % 12) as usize];
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{weekday} {month} {day:2} {hour:02}:{minute:02}:{second:02} {year}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_as_the_c_library_writes_them() {
        for (seconds, text) in [
            (0, "Thu Jan  1 00:00:00 1970"),
            (-1, "Wed Dec 31 23:59:59 1969"),
            (951_782_400, "Tue Feb 29 00:00:00 2000"),
            (1_795_313_049, "Sun Nov 22 02:04:09 2026"),
            (4_107_542_399, "Sun Feb 28 23:59:59 2100"),
        ] {
            assert_eq!(civil(seconds), text);
        }
    }
}
