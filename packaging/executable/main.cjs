'use strict'
// Entry of the executable: runs bin/run.cjs on the files that the executable holds. Nothing of the
// program is read from the disk, so nobody who can write to a folder can change it.
const { getRawAsset } = require('node:sea')
const { startFrom } = require('../../bin/run.cjs')
const { nativePart } = require('./native-part.cjs')

/** Stands for the script that Node runs elsewhere. */
process.argv[1] = process.execPath

/** The bytes of a file of the package. Its memory is that of the executable: nobody may write to it. */
function read(name, encoding) {
  const bytes = Buffer.from(getRawAsset(name))
  return encoding === undefined ? bytes : bytes.toString(encoding)
}

startFrom({ place: process.execPath, read, nativePart: (name) => nativePart(name, read(name)) })
