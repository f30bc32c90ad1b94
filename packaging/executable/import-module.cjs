'use strict'
// In place of bin/import-module.cjs: an `import()` of the executable's own script finds modules of
// Node only. One with the main loader finds files too.
const vm = require('node:vm')

let load

exports.importModule = function importModule(url) {
  load ??= withoutWarning(() =>
    new vm.Script('(url) => import(url)', {
      filename: process.execPath,
      importModuleDynamically: vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
    }).runInThisContext(),
  )
  return load(url)
}

/** Node calls that constant experimental, on standard error. */
function withoutWarning(make) {
  const { emitWarning } = process
  process.emitWarning = () => {}
  try {
    return make()
  } finally {
    process.emitWarning = emitWarning
  }
}
