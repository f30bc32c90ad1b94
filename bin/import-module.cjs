'use strict'
// Node's own import(), for plugins: loaded when the first one is.
exports.importModule = (url) => import(url)
