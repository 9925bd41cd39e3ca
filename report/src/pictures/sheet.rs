//! What all pictures have in common: one width, one time axis, a title, a legend, and the faults as labelled bands.

use crate::bands::{self, Band, Extent, Place};
use crate::page::ReportError;
use crate::palette::{FAULT, GRID, INK, MUTED, SURFACE, Theme, Tone};
use crate::samples::Axis;
use crate::svg::{fitting, text_width};
use plotters::coord::Shift;
use plotters::coord::ranged1d::{AsRangedCoord, ValueFormatter};
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;
use plotters::style::register_font;
use std::sync::OnceLock;

/// Width of every picture, in pixels at zoom 1.
pub(crate) const WIDTH: i32 = 1100;
/// From the left edge to time's first moment.
pub(crate) const LEFT: i32 = 76;
/// From time's last moment to the right edge.
const RIGHT: i32 = 24;
/// Height of a line of legend, and of one lane of faults.
const LINE: i32 = 20;
/// Font size of everything but titles.
pub(crate) const FONT: i32 = 13;

/// How a legend shows a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    /// Points of operations that took effect.
    Dot,
    /// Points of operations that failed.
    Triangle,
    /// Points of operations that nobody knows about.
    Cross,
    /// A line.
    Line,
    /// A broken line.
    Dashes,
    /// A filled area.
    Block,
}

/// One entry of a legend.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    /// What it stands for.
    pub label: String,
    /// Its colour.
    pub tone: Tone,
    /// Its shape.
    pub mark: Mark,
}

/// The frame of one picture.
#[derive(Clone, Debug)]
pub(crate) struct Sheet<'a> {
    /// One line.
    pub title: String,
    /// What the marks mean.
    pub keys: Vec<Key>,
    /// What the time axis shows.
    pub axis: Axis,
    /// Faults.
    pub bands: &'a [Band],
    /// For which page.
    pub theme: Theme,
    /// Pixels per pixel: 2 for sharp points on fine screens.
    pub zoom: i32,
}

/// A part of a picture with axes.
pub(crate) type Panel<'a, DB, Y> = ChartContext<'a, DB, Cartesian2d<RangedCoordf64, Y>>;

impl Sheet<'_> {
    /// A length at zoom 1 in pixels.
    pub(crate) fn px(&self, length: i32) -> i32 {
        length * self.zoom
    }

    /// A text style.
    pub(crate) fn font(&self, size: i32, tone: Tone) -> TextStyle<'static> {
        register();
        ("sans-serif", f64::from(self.px(size))).into_font().color(&tone.shade(self.theme))
    }

    /// Height at zoom 1 of a picture whose panels take `panels` pixels.
    pub(crate) fn height(&self, panels: i32) -> i32 {
        self.head() + panels
    }

    fn head(&self) -> i32 {
        let keys = self.key_places();
        let key_lines = keys.last().map_or(0, |(_, line)| line + 1);
        34 + key_lines * LINE + bands::lanes(&self.lanes().1) as i32 * LINE + 6
    }

    /// Draws title, legend and the lanes of faults, and leaves the rest of the picture.
    pub(crate) fn open<DB: DrawingBackend>(
        &self,
        root: &DrawingArea<DB, Shift>,
    ) -> Result<DrawingArea<DB, Shift>, ReportError> {
        root.fill(&SURFACE.shade(self.theme)).map_err(ReportError::picture)?;
        let title = Text::new(self.title.clone(), (self.px(10), self.px(8)), self.font(15, INK));
        root.draw(&title).map_err(ReportError::picture)?;
        for (key, (x, line)) in self.keys.iter().zip(self.key_places()) {
            self.draw_key(root, key, (x, 34 + line * LINE))?;
        }
        self.draw_lanes(root)?;
        Ok(root.split_vertically(self.px(self.head())).1)
    }

    /// A panel with its bands, grid and axes; `y_label` names a value.
    pub(crate) fn panel<'b, DB: DrawingBackend + 'b, Y: AsRangedCoord<Value = f64>>(
        &self,
        area: &'b DrawingArea<DB, Shift>,
        y: Y,
        y_label: &dyn Fn(&f64) -> String,
    ) -> Result<Panel<'b, DB, Y::CoordDescType>, ReportError>
    where
        Y::CoordDescType: ValueFormatter<f64>,
    {
        let mut chart = ChartBuilder::on(area)
            .margin_right(self.px(RIGHT))
            .margin_top(self.px(8))
            .set_label_area_size(LabelAreaPosition::Left, self.px(LEFT))
            .set_label_area_size(LabelAreaPosition::Bottom, self.px(30))
            .build_cartesian_2d(self.axis.from..self.axis.to, y)
            .map_err(ReportError::picture)?;
        self.draw_bands(&chart.plotting_area().strip_coord_spec())?;
        chart
            .configure_mesh()
            .x_labels(11)
            .y_labels(6)
            .x_max_light_lines(0)
            .y_max_light_lines(0)
            .bold_line_style(GRID.shade(self.theme).stroke_width(self.zoom as u32))
            .axis_style(MUTED.shade(self.theme).stroke_width(self.zoom as u32))
            .label_style(self.font(FONT, MUTED))
            .x_label_formatter(&|seconds| self.time_label(*seconds))
            .y_label_formatter(y_label)
            .draw()
            .map_err(ReportError::picture)?;
        Ok(chart)
    }

    fn time_label(&self, seconds: f64) -> String {
        match self.axis.length() {
            length if length < 1.0 => format!("{seconds:.2} s"),
            length if length < 10.0 => format!("{seconds:.1} s"),
            _ => format!("{seconds:.0} s"),
        }
    }

    /// Where a moment lies, in pixels at zoom 1 from the left edge.
    fn x(&self, seconds: f64) -> f64 {
        let share = ((seconds - self.axis.from) / self.axis.length()).clamp(0.0, 1.0);
        f64::from(LEFT) + share * f64::from(WIDTH - LEFT - RIGHT)
    }

    fn lanes(&self) -> (Vec<Extent>, Vec<Place>) {
        let extent = |band: &Band| {
            let left = self.x(band.from);
            let label = text_width(&band.label, f64::from(FONT)).min(300.0) + 10.0;
            Extent { left, right: self.x(band.to).max(left + 2.0), label }
        };
        let extents: Vec<Extent> = self.bands.iter().map(extent).collect();
        let places = bands::place(&extents, f64::from(WIDTH - RIGHT));
        (extents, places)
    }

    fn draw_lanes<DB: DrawingBackend>(&self, root: &DrawingArea<DB, Shift>) -> Result<(), ReportError> {
        let (extents, places) = self.lanes();
        let top = self.head() - bands::lanes(&places) as i32 * LINE - 2;
        for ((band, extent), place) in self.bands.iter().zip(extents).zip(places) {
            let y = top + place.lane as i32 * LINE;
            self.fill(
                root,
                (extent.left as i32, y),
                (extent.right as i32, y + LINE - 4),
                FAULT.shade(self.theme).mix(0.25),
            )?;
            let label = fitting(&band.label, f64::from(FONT), place.room);
            let at = (self.px(place.text as i32 + 5), self.px(y + 3));
            root.draw(&Text::new(label, at, self.font(FONT - 1, INK))).map_err(ReportError::picture)?;
        }
        Ok(())
    }

    fn draw_bands<DB: DrawingBackend>(&self, plot: &DrawingArea<DB, Shift>) -> Result<(), ReportError> {
        let (width, height) = plot.dim_in_pixel();
        let share = |seconds: f64| ((seconds - self.axis.from) / self.axis.length()).clamp(0.0, 1.0);
        for band in self.bands {
            let left = (share(band.from) * f64::from(width)) as i32;
            let right = ((share(band.to) * f64::from(width)) as i32).max(left + 2 * self.zoom);
            let style = FAULT.shade(self.theme).mix(0.1).filled();
            let shape = Rectangle::new([(left, 0), (right, height as i32)], style);
            plot.draw(&shape).map_err(ReportError::picture)?;
        }
        Ok(())
    }

    /// Left edge and line of every entry of the legend.
    fn key_places(&self) -> Vec<(i32, i32)> {
        let (mut x, mut line) = (10, 0);
        let mut places = Vec::with_capacity(self.keys.len());
        for key in &self.keys {
            let width = 44 + (text_width(&key.label, f64::from(FONT)) * 0.85) as i32;
            if x + width > WIDTH {
                (x, line) = (10, line + 1);
            }
            places.push((x, line));
            x += width;
        }
        places
    }

    fn draw_key<DB: DrawingBackend>(
        &self,
        root: &DrawingArea<DB, Shift>,
        key: &Key,
        (x, y): (i32, i32),
    ) -> Result<(), ReportError> {
        let colour = key.tone.shade(self.theme);
        let middle = (self.px(x + 9), self.px(y + 8));
        let dash = |from: i32, to: i32| {
            let points = vec![(self.px(x + from), self.px(y + 8)), (self.px(x + to), self.px(y + 8))];
            root.draw(&PathElement::new(points, colour.stroke_width(2 * self.zoom as u32)))
        };
        match key.mark {
            Mark::Dot => root.draw(&Circle::new(middle, self.px(4), colour.filled())),
            Mark::Triangle => root.draw(&TriangleMarker::new(middle, self.px(5), colour.filled())),
            Mark::Cross => root.draw(&Cross::new(middle, self.px(4), colour.stroke_width(2 * self.zoom as u32))),
            Mark::Line => dash(0, 18),
            Mark::Dashes => dash(0, 7).and_then(|()| dash(11, 18)),
            Mark::Block => {
                let corners = [(self.px(x + 2), self.px(y + 2)), (self.px(x + 16), self.px(y + 14))];
                root.draw(&Rectangle::new(corners, colour.filled()))
            }
        }
        .map_err(ReportError::picture)?;
        let text = Text::new(key.label.clone(), (self.px(x + 23), self.px(y + 3)), self.font(FONT, INK));
        root.draw(&text).map_err(ReportError::picture)
    }

    /// Fills a rectangle given at zoom 1.
    pub(crate) fn fill<DB: DrawingBackend>(
        &self,
        root: &DrawingArea<DB, Shift>,
        from: (i32, i32),
        to: (i32, i32),
        colour: RGBAColor,
    ) -> Result<(), ReportError> {
        let corners = [(self.px(from.0), self.px(from.1)), (self.px(to.0), self.px(to.1))];
        root.draw(&Rectangle::new(corners, colour.filled())).map_err(ReportError::picture)
    }
}

/// Gives plotters its font, once: pictures need no font of the system.
fn register() {
    static ONCE: OnceLock<()> = OnceLock::new();
    ONCE.get_or_init(|| {
        let font = include_bytes!("../../font/Inter-Latin.otf");
        register_font("sans-serif", FontStyle::Normal, font)
            .unwrap_or_else(|_| panic!("the font in this crate is one"));
    });
}
