//! Who is next, who holds a ticket, and whether anybody is in the list: three facts in one word.

/// The list may not be empty.
pub(super) const LISTED: usize = 1;
/// One thread that holds a ticket, in the bits above.
pub(super) const ONE_HOLDER: usize = 1 << 1;
/// One ticket that has been used up, in the bits above.
const ONE_USED: usize = ONE_HOLDER << HOLDER_BITS;
/// As many threads as Linux can have.
const HOLDER_BITS: u32 = 22;

/// A value of the word.
///
/// | bits   | meaning                                                    | written by               |
/// |--------|------------------------------------------------------------|--------------------------|
/// | 0      | `LISTED`: the list may not be empty                        | under the lock           |
/// | 1..23  | how many threads hold a ticket                             | `enter`; with the next   |
/// | 23..64 | how many tickets have been used up: the number of the next | signals; under the lock  |
///
/// The tickets that are held are the next so many numbers. While `LISTED` is set only the thread
/// that has the list's lock uses up tickets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Word(pub(super) usize);

/// A number in the order of arrival.
///
/// Numbers come again after 2^41. For a thread to be mistaken it would have to be kept from its
/// core, while it spins, for as long as the others need for so many signals: for days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ticket(usize);

impl Word {
    pub(super) fn is_listed(self) -> bool {
        self.0 & LISTED != 0
    }

    /// Whether nobody waits.
    #[inline]
    pub(super) fn is_deserted(self) -> bool {
        self.0 % ONE_USED == 0
    }

    pub(super) fn holders(self) -> usize {
        self.0 % ONE_USED / ONE_HOLDER
    }

    /// The number of the ticket that many places behind the next to be used.
    pub(super) fn ticket(self, place: usize) -> Ticket {
        Ticket((self.0 / ONE_USED).wrapping_add(place) % Self::NUMBERS)
    }

    /// The ticket that the next thread gets.
    pub(super) fn new_ticket(self) -> Ticket {
        self.ticket(self.holders())
    }

    /// How many tickets that are held are older than this one; `None` if it has been used up.
    pub(super) fn place_of(self, ticket: Ticket) -> Option<usize> {
        let place = ticket.0.wrapping_sub(self.0 / ONE_USED) % Self::NUMBERS;
        (place < self.holders()).then_some(place)
    }

    /// What to add to the word to use up the `n` oldest of the tickets that are held.
    pub(super) fn use_up(n: usize) -> usize {
        n.wrapping_mul(ONE_USED - ONE_HOLDER)
    }

    const NUMBERS: usize = usize::MAX / ONE_USED + 1;
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A word after so many tickets, with so many holders.
    fn word(used: usize, holders: usize) -> Word {
        Word(used.wrapping_mul(ONE_USED) + holders * ONE_HOLDER)
    }

    #[test]
    fn tickets_are_used_up_in_order_across_the_end_of_the_numbers() {
        for used in [0, 7, Word::NUMBERS - 2, Word::NUMBERS - 1] {
            for listed in [0, LISTED] {
                let three = Word(word(used, 3).0 | listed);
                let tickets = [0, 1, 2].map(|place| three.ticket(place));
                assert_eq!(word(used, 2).new_ticket(), tickets[2]);
                let one = Word(three.0.wrapping_add(Word::use_up(2)));
                assert_eq!(one, Word(word(used + 2, 1).0 | listed));
                assert_eq!(tickets.map(|ticket| three.place_of(ticket)), [0, 1, 2].map(Some));
                assert_eq!(tickets.map(|ticket| one.place_of(ticket)), [None, None, Some(0)]);
                assert_eq!(three.place_of(three.new_ticket()), None, "nobody holds it yet");
            }
        }
    }

    #[test]
    fn there_is_room_for_every_thread_that_the_system_can_have() {
        let most = (1 << HOLDER_BITS) - 1;
        let crowd = word(Word::NUMBERS - 1, most);
        assert_eq!(crowd.holders(), most);
        assert_eq!(crowd.0.wrapping_add(Word::use_up(most)), word(most - 1, 0).0);
    }
}
