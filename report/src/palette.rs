//! Colours, each for a light and a dark page. They were chosen to be told apart by colour-blind readers, and the tests
//! hold them to contrast; even so no colour stands without a shape, a position or a word that says the same.

use plotters::style::RGBColor;

/// Which page a picture is drawn for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Theme {
    /// Dark ink on a light page; printing, too.
    Light,
    /// Light ink on a dark page.
    Dark,
}

/// One colour in both themes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tone {
    light: u32,
    dark: u32,
}

impl Tone {
    /// The colour in one theme.
    pub(crate) fn shade(self, theme: Theme) -> RGBColor {
        let rgb = if theme == Theme::Light { self.light } else { self.dark };
        let [_, red, green, blue] = rgb.to_be_bytes();
        RGBColor(red, green, blue)
    }

    /// `#0060A8`, as plotters writes it into SVG.
    pub(crate) fn hex(self, theme: Theme) -> String {
        let RGBColor(red, green, blue) = self.shade(theme);
        format!("#{red:02X}{green:02X}{blue:02X}")
    }
}

/// What everything is drawn on.
pub(crate) const SURFACE: Tone = Tone { light: 0xFFFFFF, dark: 0x181B20 };
/// Text and axes.
pub(crate) const INK: Tone = Tone { light: 0x1A1D21, dark: 0xE8EAED };
/// Text of second rank.
pub(crate) const MUTED: Tone = Tone { light: 0x565D66, dark: 0xA7AFB9 };
/// Lines that only guide the eye.
pub(crate) const GRID: Tone = Tone { light: 0xE3E6EA, dark: 0x30353C };
/// Windows of faults.
pub(crate) const FAULT: Tone = Tone { light: 0x7A4FB3, dark: 0xB994F0 };
/// What breaks a promise.
pub(crate) const BAD: Tone = Tone { light: 0xB3161B, dark: 0xFF8B84 };
/// Operations that took effect.
pub(crate) const OK: Tone = Tone { light: 0x3F82BF, dark: 0x5A9BD6 };
/// Operations that were refused.
pub(crate) const FAIL: Tone = Tone { light: 0xB07D00, dark: 0xE0B23C };
/// Operations that nobody knows about.
pub(crate) const INFO: Tone = Tone { light: 0xC0392B, dark: 0xF2786B };
/// Functions, in the order in which a data type lists them.
pub(crate) const FUNCTIONS: [Tone; 6] = [
    Tone { light: 0x0060A8, dark: 0x6CB6F5 },
    Tone { light: 0xC24E00, dark: 0xFF9A5C },
    Tone { light: 0x007F5C, dark: 0x3FD0A4 },
    Tone { light: 0x9B3F86, dark: 0xE59AD0 },
    Tone { light: 0x8A6500, dark: 0xE5C04A },
    Tone { light: 0x4A5568, dark: 0xB0BAC8 },
];

/// Every tone with the name of its CSS variable.
pub(crate) fn named() -> Vec<(String, Tone)> {
    let fixed = [
        ("surface", SURFACE),
        ("ink", INK),
        ("muted", MUTED),
        ("grid", GRID),
        ("fault", FAULT),
        ("bad", BAD),
        ("ok", OK),
        ("fail", FAIL),
        ("info", INFO),
    ];
    let functions = FUNCTIONS.iter().enumerate().map(|(number, tone)| (format!("f{number}"), *tone));
    fixed.into_iter().map(|(name, tone)| (name.to_owned(), tone)).chain(functions).collect()
}

/// The colour of a function by its number.
pub(crate) fn function(number: usize) -> Tone {
    FUNCTIONS[number % FUNCTIONS.len()]
}

/// `--ink:#1A1D21;...` of one theme.
pub(crate) fn variables(theme: Theme) -> String {
    named().iter().map(|(name, tone)| format!("--{name}:{};", tone.hex(theme))).collect()
}

/// Rules that repaint a light picture for a dark page: attributes of SVG yield to style sheets.
pub(crate) fn repaint() -> String {
    let rule = |(_, tone): &(String, Tone)| {
        let (light, dark) = (tone.hex(Theme::Light), tone.hex(Theme::Dark));
        format!(".plot [fill=\"{light}\"]{{fill:{dark}}}.plot [stroke=\"{light}\"]{{stroke:{dark}}}\n")
    };
    named().iter().map(rule).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn luminance(RGBColor(red, green, blue): RGBColor) -> f64 {
        let linear = |channel: u8| {
            let c = f64::from(channel) / 255.0;
            if c <= 0.040_45 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
    }

    /// Source: WCAG 2.2, "contrast ratio".
    fn contrast(a: RGBColor, b: RGBColor) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn texts_have_contrast_of_4_5_and_shapes_of_3_in_both_themes() {
        for theme in [Theme::Light, Theme::Dark] {
            let surface = SURFACE.shade(theme);
            for (name, tone) in named() {
                let wanted = match name.as_str() {
                    "surface" | "grid" => continue,
                    "ink" | "muted" | "bad" | "fault" => 4.5,
                    _ => 3.0,
                };
                let measured = contrast(tone.shade(theme), surface);
                assert!(measured >= wanted, "{name} has {measured:.2} in {theme:?}, not {wanted}");
            }
        }
    }

    #[test]
    fn every_light_colour_is_repainted_in_one_way_only() {
        let mut light: Vec<String> = named().iter().map(|(_, tone)| tone.hex(Theme::Light)).collect();
        light.sort();
        light.dedup();
        assert_eq!(light.len(), named().len());
    }
}
