/** Whether there is a page to draw: not so on a server that renders, nor in a worker. */
export const hasPage: boolean = typeof document !== 'undefined'
