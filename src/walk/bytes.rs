//! The bytes that a value holds, in all their spellings: opcodes of their own, a bytearray, a view
//! or an out-of-band buffer, and the calls that older protocols write.

use std::borrow::Cow;

use super::cx::Cx;
use crate::error::{Error, Result};
use crate::nodes::describe::describe;
use crate::nodes::handle::{Handle, Tag};
use crate::nodes::scalar;
use crate::nodes::store::{Const, Flags};
use crate::nodes::view::{Payload, View, bytes_of, view};

/// A step on the way from a value to its bytes.
enum Found<'de> {
    Bytes(Cow<'de, [u8]>),
    /// The call that makes them.
    Call(Handle),
    Nothing,
}

impl<'g, 'de> Cx<'g, 'de> {
    /// An instance, seen through its spelling.
    pub(crate) fn view(&self, instance: Handle) -> Result<View<'g>> {
        self.check_unspent()?;
        view(self.nodes, self.input, instance.number())
    }

    /// The bytes of a bytearray, of a view of one, of an out-of-band buffer, or of a call that
    /// makes bytes; `None` for what holds none.
    ///
    /// # Errors
    /// A buffer that was not given; calls of calls beyond the depth of nesting.
    pub(crate) fn buffer_bytes(&self, value: Handle) -> Result<Option<Cow<'de, [u8]>>> {
        let (mut handle, mut within_call) = (value, false);
        for _ in 0..=self.settings.typed_depth {
            let call = match self.find_bytes(handle)? {
                Found::Bytes(bytes) => return Ok(Some(bytes)),
                Found::Call(call) => call,
                Found::Nothing if within_call => return Err(self.unreadable(handle)),
                Found::Nothing => return Ok(None),
            };
            let payload = match self.view(call)? {
                View::Bytes { of, .. } => self.payload(call, of)?,
                _ if within_call => return Err(self.unreadable(handle)),
                _ => return Ok(None),
            };
            within_call = true;
            handle = match self.own_bytes(payload)? {
                Ok(bytes) => return Ok(Some(bytes)),
                Err(of) => of,
            };
        }
        Err(self.too_deep(value, self.settings.typed_depth))
    }

    /// Gives the bytes that a call of these arguments makes, charged before they are encoded.
    pub(crate) fn payload(&self, call: Handle, of: &[Handle]) -> Result<Payload> {
        if let [text, _, ..] = *of
            && self.is_text(text)
        {
            self.charge_look(text)?;
        }
        let payload =
            bytes_of(self.nodes, self.input, of).map_err(|error| self.locate(error, call))?;
        if let Payload::Encoded(bytes) = &payload {
            self.charge_memory(bytes.len())?;
        }
        Ok(payload)
    }

    /// The bytes that a call makes, borrowed where they lie in the input as they are.
    ///
    /// # Errors
    /// As [`buffer_bytes`](Self::buffer_bytes).
    pub(crate) fn payload_bytes(&self, payload: Payload) -> Result<Cow<'de, [u8]>> {
        match self.own_bytes(payload)? {
            Ok(bytes) => Ok(bytes),
            Err(of) => self.buffer_bytes(of)?.ok_or_else(|| self.unreadable(of)),
        }
    }

    /// The same; if the bytes are those of another value, gives that value.
    fn own_bytes(&self, payload: Payload) -> Result<std::result::Result<Cow<'de, [u8]>, Handle>> {
        let handle = match payload {
            Payload::Encoded(bytes) => return Ok(Ok(Cow::Owned(bytes))),
            Payload::Of(handle) => handle,
        };
        if let Some(chars) = self.chars(handle)? {
            return Ok(Ok(chars));
        }
        // Text was counted where the call was looked at.
        if let Some(bytes) = scalar::text_bytes(self.nodes, self.input, handle) {
            return Ok(Ok(Cow::Borrowed(bytes)));
        }
        Ok(match scalar::plain_text(self.nodes, self.input, handle) {
            Some(text) => Ok(Cow::Owned(text.into_owned().into_bytes())),
            None => Err(handle),
        })
    }

    fn find_bytes(&self, value: Handle) -> Result<Found<'de>> {
        let mut handle = value;
        // A view of a view is not made by the machine; two steps lead to the payload.
        for _ in 0..3 {
            match handle.tag() {
                Tag::Buffer => {
                    return self.buffer(handle).map(|buffer| Found::Bytes(buffer.bytes.into()));
                }
                Tag::ByteArray | Tag::View => {
                    let object = self.nodes.object(handle.number());
                    match self.nodes.first(&object).first() {
                        Some(&inner) => handle = inner,
                        None => return Ok(Found::Nothing),
                    }
                }
                Tag::Instance => return Ok(Found::Call(handle)),
                tag => {
                    if tag == Tag::Const
                        && let Some(Const::Bytes(bytes)) = self.nodes.constant(handle.number())
                    {
                        return Ok(Found::Bytes(bytes.clone()));
                    }
                    let bytes = scalar::bytes(self.nodes, self.input, handle);
                    return Ok(bytes.map_or(Found::Nothing, |bytes| Found::Bytes(bytes.into())));
                }
            }
        }
        Ok(Found::Nothing)
    }

    /// Returns true if Python could not write to the bytes that a value holds.
    pub(crate) fn is_readonly(&self, value: Handle) -> Result<bool> {
        Ok(match value.tag() {
            Tag::Buffer => value.detail() == 1 || self.buffer(value)?.readonly,
            Tag::ByteArray => false,
            Tag::View => !self.nodes.object(value.number()).flags().has(Flags::WRITABLE),
            Tag::Instance => !matches!(self.view(value)?, View::Bytes { array: true, .. }),
            _ => true,
        })
    }

    /// The error for a handle that the machine never makes.
    #[cold]
    pub(crate) fn unreadable(&self, value: Handle) -> Error {
        Error::data(format!("{} has no content in this pickle", describe(value.tag())))
    }
}
