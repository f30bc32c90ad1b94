// Bundled by itself and loaded when a rotation first talks to a directory.
export { Attribute, Change, Client } from 'ldapts'
