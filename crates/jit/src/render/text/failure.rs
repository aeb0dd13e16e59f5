//! Why something was not done.

use super::{Paint, printable};
use crate::error::Failure;

/// A failure as text: what happened, what is in the way, what to do next.
pub(crate) fn failure(failure: &Failure, colour: bool) -> String {
    let paint = Paint(colour);
    format!("{} {}", paint.bold_red("error:"), lines(failure, paint))
}

/// The same for who is told it in its own words' place.
pub(crate) fn told(failure: &Failure) -> String {
    lines(failure, Paint(false))
}

fn lines(failure: &Failure, paint: Paint) -> String {
    let mut text = format!("{}\n", printable(&failure.message));
    for line in &failure.details {
        text.push_str(&format!("  {}\n", printable(line)));
    }
    if let Some(hint) = &failure.advice() {
        text.push_str(&format!("{} {}\n", paint.bold("hint:"), printable(hint)));
    }
    text
}
