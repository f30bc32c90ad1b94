declare const ESC_BUILD_ID: string | undefined

/**
 * Digest of the sources the running program was built from. Undefined: they are run as they are.
 */
export const buildId: string | undefined = typeof ESC_BUILD_ID === 'undefined' ? undefined : ESC_BUILD_ID
