export { confined, largeProblem, specialKind, specialRemedy } from './confined.ts'
export {
  appendLine,
  changeText,
  codeOf,
  createFile,
  ioError,
  listIfPresent,
  makeFolders,
  readIfPresent,
  readTextIfPresent,
  removeFile,
  removeQuietly,
  replaceFile,
  replaceFileAside,
  statusOf,
  syncFile,
  syncFolder,
  syncFolderAside,
  temporaryPath,
  temporaryPrefix,
  writeTemporary,
} from './durable.ts'
export type { FileStatus, FileSystem } from './file-system.ts'
export { machineFiles } from './file-system.ts'
export { smallText } from './small-text.ts'
