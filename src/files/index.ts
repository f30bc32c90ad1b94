export {
  appendLine,
  changeText,
  createFile,
  removeFile,
  replaceFileAside,
  syncFolderAside,
} from './changes.ts'
export { confined, largeProblem, specialKind, specialRemedy } from './confined.ts'
export {
  codeOf,
  ioError,
  listIfPresent,
  makeFolders,
  readIfPresent,
  readTextIfPresent,
  removeQuietly,
  replaceFile,
  statusOf,
  syncFile,
  syncFolder,
  temporaryPath,
  temporaryPrefix,
  writeTemporary,
} from './durable.ts'
export type { FileStatus, FileSystem } from './file-system.ts'
export { machineFiles } from './file-system.ts'
export { smallText } from './small-text.ts'
