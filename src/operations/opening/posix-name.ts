/** A name that every shell takes for that of a variable (POSIX.1-2017, 3.235). */
export const POSIX_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/
