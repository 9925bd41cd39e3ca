//! Every model from text to verdict: the functions and shapes that it documents, what nil says, and what is told of a
//! history that is none of its.

#[path = "models/choices.rs"]
mod choices;
#[path = "models/histories.rs"]
mod histories;
#[path = "models/shapes.rs"]
mod shapes;
#[path = "models/text.rs"]
mod text;
