module.exports = { ...require('./test/compiled.mocharc.cjs'), 'node-option': ['import=tsx/esm'] }
