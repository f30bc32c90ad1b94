/** Values of other programs' files, brought into an environment. */
export { readDotenvFile } from './dotenvx.ts'
export type { ForeignFile } from './foreign-value.ts'
export { type ImportedValues, importValues } from './import-values.ts'
export {
  readDopplerExport,
  readInfisicalExport,
  readOnePasswordItem,
  readPlainFile,
  readVaultExport,
} from './manager-exports.ts'
export { readPulumiStack } from './pulumi.ts'
export { readSops } from './sops.ts'
