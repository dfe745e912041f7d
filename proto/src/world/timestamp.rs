//! Moments as Discord writes them.

use std::fmt;

/// A moment in Unix milliseconds. It prints as Discord's ISO 8601: `2017-06-29T19:09:52.361000+00:00`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub u64);

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, ms) = (self.0 / 86_400_000, self.0 % 86_400_000);
        // Days to a civil date over 400-year eras that begin on the 1st of March (Hinnant, "chrono-Compatible
        // Low-Level Date Algorithms"): the leap day is then the last one of its year.
        let shifted = days + 719_468;
        let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
        let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
        let year = era * 400 + year_of_era + u64::from(month <= 2);
        let (hour, minute, second) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:03}000+00:00", ms % 1000)
    }
}

impl Timestamp {
    /// Reads ISO 8601 as Discord writes it: date, `T`, time, a fraction or none, `Z` or an offset. Before 1970 is `None`.
    pub fn parse(text: &str) -> Option<Timestamp> {
        let number = |digits: &str| -> Option<u64> {
            let all = !digits.is_empty() && digits.len() <= 9 && digits.bytes().all(|byte| byte.is_ascii_digit());
            if all { digits.parse().ok() } else { None }
        };
        let (date, time) = text.split_once('T')?;
        let mut date = date.splitn(3, '-').map(number);
        let (year, month, day) = (date.next()??, date.next()??, date.next()??);
        let zone = time.find(['Z', '+', '-'])?;
        let (time, zone) = time.split_at(zone);
        let (time, fraction) = time.split_once('.').unwrap_or((time, "0"));
        let mut time = time.splitn(3, ':').map(number);
        let (hour, minute, second) = (time.next()??, time.next()??, time.next()??);
        let fraction = number(fraction).map(|_| &fraction[..fraction.len().min(3)])?;
        let ms = number(fraction)? * 10u64.pow(3 - fraction.len() as u32);
        let offset = match zone {
            "Z" => 0,
            zone => {
                let (hours, minutes) = zone[1..].split_once(':')?;
                let minutes = i64::try_from(number(hours)? * 60 + number(minutes)?).ok()?;
                if zone.starts_with('-') { -minutes } else { minutes }
            }
        };
        if !(1970..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
            return None;
        }
        if hour > 23 || minute > 59 || second > 60 {
            return None;
        }
        // The inverse of what printing does: months are counted from March.
        let shifted_year = if month <= 2 { year - 1 } else { year };
        let month_from_march = (month + 9) % 12;
        let (era, year_of_era) = (shifted_year / 400, shifted_year % 400);
        let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
        let days = era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468;
        let local = days * 86_400_000 + ((hour * 60 + minute) * 60 + second) * 1000 + ms;
        local.checked_add_signed(-offset * 60_000).map(Timestamp)
    }
}

#[cfg(test)]
mod tests {
    use super::Timestamp;

    #[test]
    fn moments_print_as_iso_8601() {
        for (unix_ms, text) in [
            (0, "1970-01-01T00:00:00.000000+00:00"),
            (951_782_400_000, "2000-02-29T00:00:00.000000+00:00"),
            (1_498_763_392_361, "2017-06-29T19:09:52.361000+00:00"),
            (1_709_251_199_999, "2024-02-29T23:59:59.999000+00:00"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000000+00:00"),
        ] {
            assert_eq!(Timestamp(unix_ms).to_string(), text);
        }
    }

    #[test]
    fn moments_are_read_as_they_are_printed() {
        for unix_ms in [0, 951_782_400_000, 1_498_763_392_361, 1_709_251_199_999, 4_107_542_400_000] {
            assert_eq!(Timestamp::parse(&Timestamp(unix_ms).to_string()), Some(Timestamp(unix_ms)));
        }
        for (text, unix_ms) in [
            ("2017-06-29T19:09:52Z", Some(1_498_763_392_000)),
            ("2017-06-29T21:09:52.3+02:00", Some(1_498_763_392_300)),
            ("2017-06-29T14:39:52.361999-04:30", Some(1_498_763_392_361)),
            ("2017-06-29", None),
            ("2017-06-29T19:09Z", None),
            ("2017-06-29T19:09:52", None),
            ("2017-13-29T19:09:52Z", None),
            ("1969-12-31T19:09:52Z", None),
            ("yesterdayT1:2:3Z", None),
            ("2017-06-29T19:09:52.é+00:00", None),
            ("", None),
        ] {
            assert_eq!(Timestamp::parse(text), unix_ms.map(Timestamp), "{text}");
        }
    }
}
