/**
 * Name of the file of recipients for `age://`: in the environment's folder, else in the store's.
 */
export const recipientsFile = 'age-recipients.txt'
