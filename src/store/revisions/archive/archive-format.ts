/** The first words of an archive: what it is, and the version of its format. */
export const archiveMagic = 'esc-archive-v1'

/** The most bytes of an archive and of the texts in it: what is larger becomes several. */
export const mostText = 64 << 20

/**
 * The parts of an archive, in their order: how long the text of each record is without its tokens;
 * where each token comes from; how long new tokens are and how they are written; the texts; the
 * bytes of the new tokens. Each is compressed on its own.
 */
export const partNames = ['lengths', 'sources', 'shapes', 'texts', 'bytes'] as const
export type PartName = (typeof partNames)[number]

/** Places that the token at a mark comes from. Numbers are part of the format. */
export const source = {
  /** The next one of `bytes`. */
  fresh: 0,
  /** The digest of the record before. */
  link: 1,
  /** The record before: an index as a difference from this one's. */
  before: 2,
  /** This record: an index. */
  same: 3,
  /** Any record: an index among all that were new. */
  any: 4,
} as const
