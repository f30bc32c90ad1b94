// Next instants of a cron expression in a time zone. Loaded only where schedules are read.
export { CronExpressionParser } from 'cron-parser'
