// Cron expressions: their fields, and what they say in words. Loaded only where schedules are read.
export { CronExpressionParser } from 'cron-parser'
export { toString as cronWords } from 'cronstrue'
