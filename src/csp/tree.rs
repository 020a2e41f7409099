//! A tree that a reader of any spelling grows, within bounds.

use crate::csp::{
    element::{
        Element, MAX_CHILDREN, MAX_DEPTH, MAX_ELEMENTS, MAX_TEXT_BYTES, MAX_TEXT_BYTES_IN_ALL,
    },
    error::ReadError,
    wbxml::tokens::Name,
};

/// The elements that are open, the root first, and how much was taken so far.
pub(crate) struct Tree {
    /// Elements are built in place, and places are used again: moving each element in and out
    /// was a quarter of the time that reading took.
    places: Vec<Element>,
    depth: usize,
    elements: usize,
    text_bytes: usize,
}

impl Tree {
    pub(crate) fn new() -> Self {
        Self { places: Vec::with_capacity(16), depth: 0, elements: 0, text_bytes: 0 }
    }

    /// Opens an element within the innermost open one.
    #[inline]
    pub(crate) fn open(&mut self, name: Name) -> Result<(), ReadError> {
        if self.depth > MAX_DEPTH {
            return Err(ReadError::TooDeep);
        }
        if self.innermost().is_some_and(|parent| parent.children().len() >= MAX_CHILDREN) {
            return Err(ReadError::TooManyChildren);
        }
        self.elements += 1;
        if self.elements > MAX_ELEMENTS {
            return Err(ReadError::TooManyElements);
        }
        match self.places.get_mut(self.depth) {
            Some(place) => place.rename(name),
            None => self.places.push(Element::new(name)),
        }
        self.depth += 1;
        Ok(())
    }

    /// Closes the innermost open element; returns it if it is the root.
    #[inline]
    pub(crate) fn close(&mut self) -> Option<Element> {
        self.depth = self.depth.checked_sub(1)?;
        let (outer, inner) = self.places.split_at_mut_checked(self.depth)?;
        let element = inner.first_mut()?;
        match outer.last_mut() {
            Some(parent) => {
                element.move_into(parent);
                None
            }
            None => Some(element.take()),
        }
    }

    /// Adds text to the innermost open element.
    #[inline]
    pub(crate) fn push_text(&mut self, text: &str) -> Result<(), ReadError> {
        self.charge(text.len())?;
        let Some(element) = self.innermost_mut() else { return Ok(()) };
        if element.text().len() + text.len() > MAX_TEXT_BYTES {
            return Err(ReadError::TooMuchText);
        }
        element.push_text(text);
        Ok(())
    }

    /// Sets the text of the innermost open element to base64 of raw octets.
    pub(crate) fn set_binary(&mut self, base64: &str) -> Result<(), ReadError> {
        self.push_text(base64)?;
        if let Some(element) = self.innermost_mut() {
            element.set_binary(base64);
        }
        Ok(())
    }

    /// Counts octets against what all texts together may have.
    pub(crate) fn charge(&mut self, text_bytes: usize) -> Result<(), ReadError> {
        self.text_bytes += text_bytes;
        if self.text_bytes > MAX_TEXT_BYTES_IN_ALL {
            return Err(ReadError::TooMuchTextInAll);
        }
        Ok(())
    }

    pub(crate) fn innermost(&self) -> Option<&Element> {
        self.places.get(self.depth.checked_sub(1)?)
    }

    pub(crate) fn innermost_mut(&mut self) -> Option<&mut Element> {
        self.places.get_mut(self.depth.checked_sub(1)?)
    }

    /// Returns the element around the innermost open one.
    pub(crate) fn parent(&self) -> Option<&Element> {
        self.places.get(self.depth.checked_sub(2)?)
    }
}
