/** Height of a row, in px. */
export const ROW_PX = 20
