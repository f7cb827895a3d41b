//! What came on a connection and was not read yet.

/// The room is `ROOM` to begin with, and when nothing is in it; grown beyond `LARGE` by replies that
/// fill it, the buffer is not kept then. Memory that no reply touched is none yet.
#[derive(Debug)]
pub(crate) struct Inbox<const ROOM: usize, const LARGE: usize> {
    buffer: Vec<u8>,
    /// What was not read begins here.
    start: usize,
    /// What came ends here.
    end: usize,
}

impl<const ROOM: usize, const LARGE: usize> Default for Inbox<ROOM, LARGE> {
    fn default() -> Self {
        Self {
            buffer: vec![0; ROOM],
            start: 0,
            end: 0,
        }
    }
}

impl<const ROOM: usize, const LARGE: usize> Inbox<ROOM, LARGE> {
    /// Where the next bytes go; never empty.
    pub(crate) fn room(&mut self) -> &mut [u8] {
        if self.is_empty() {
            (self.start, self.end) = (0, 0);
            if self.buffer.len() > LARGE {
                self.buffer = vec![0; ROOM];
            }
        }
        if self.end == self.buffer.len() && self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if self.end == self.buffer.len() {
            self.buffer.resize(2 * self.end, 0);
        }
        &mut self.buffer[self.end..]
    }

    /// So many bytes came.
    pub(crate) fn came(&mut self, bytes: usize) {
        self.end += bytes;
    }

    /// What was not read.
    pub(crate) fn unread(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// So many bytes of it are read now: these.
    pub(crate) fn read(&mut self, bytes: usize) -> &[u8] {
        let start = self.start;
        self.start += bytes;
        &self.buffer[start..self.start]
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// These bytes came, in as many pieces as there is room for.
    #[cfg(any(test, cache_fuzz))]
    pub(crate) fn feed(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let room = self.room();
            let fits = room.len().min(bytes.len());
            room[..fits].copy_from_slice(&bytes[..fits]);
            self.came(fits);
            bytes = &bytes[fits..];
        }
    }
}
