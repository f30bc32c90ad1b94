// Bundled by itself and loaded for help and for the manifest: commands run without it.
export { Config, Help, Plugin } from '@oclif/core'
