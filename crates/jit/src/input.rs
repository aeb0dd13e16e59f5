//! What comes from outside: arguments, names, paths, who acts, settings.

pub(crate) mod arguments;
pub(crate) mod files;
pub(crate) mod identity;
pub(crate) mod paths;
pub(crate) mod places;
pub(crate) mod reference;
pub(crate) mod settings;
pub(crate) mod streams;
