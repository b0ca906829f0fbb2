//! Units of virtual time. The core has no clock: every moment comes in as a parameter.

/// Milliseconds: since the Unix epoch for a moment, or a length of time. Signed, because clients may name moments
/// before the epoch and lengths below zero.
pub type Millis = i64;

/// Microseconds, in the same two senses as [`Millis`].
pub type Micros = i64;

/// The months as dates in logs have them.
pub const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// Year, month (from 1) and day of a day counted from 1970-01-01, in the Gregorian calendar.
pub fn date(days: i64) -> (i64, usize, i64) {
    // Counted in years that begin in March, so that the leap day is a year's last.
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let in_era = days.rem_euclid(146_097);
    let year = (in_era - in_era / 1460 + in_era / 36_524 - in_era / 146_096) / 365;
    let in_year = in_era - (365 * year + year / 4 - year / 100);
    let march_month = (5 * in_year + 2) / 153;
    let day = in_year - (153 * march_month + 2) / 5 + 1;
    let month = (march_month + 2) % 12 + 1;
    let year = era * 400 + year + i64::from(month <= 2);
    (year, month as usize, day)
}

/// A moment (seconds since 1970) as the C library's `ctime` writes it, in UTC: `Sun Nov 22 02:04:09 2026`.
pub fn ctime(seconds: i64) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let weekday = DAYS[days.rem_euclid(7) as usize];
    let (year, month, day) = date(days);
    let month = MONTHS[month - 1];
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
            assert_eq!(ctime(seconds), text);
        }
    }
}
