/** Where the water stands. */
const NOW = 165
const MARKS = [180, 175, 170, 165, 160, 155, 150]

/** The picture beside the sign-in: a tide staff, and the water at 165. */
export function TideStaff() {
  return (
    <svg className="tide-staff" viewBox="0 0 320 360" aria-hidden="true" preserveAspectRatio="xMidYMid slice">
      <g className="tide-staff-ghosts">
        <path d="M164 88h156M164 132h156" />
      </g>
      <path className="tide-staff-water" d="M0 176q40-7 80 0t80 0 80 0 80 0v184H0z" />
      <path className="tide-staff-line" d="M0 176q40-7 80 0t80 0 80 0 80 0" />
      <path className="tide-staff-post" d="M84 24v312" />
      {MARKS.map((mark, index) => (
        <g key={mark} className={mark === NOW ? 'tide-staff-now' : 'tide-staff-mark'}>
          {mark !== NOW && <path d={`M84 ${44 + index * 44}h${mark % 10 === 0 ? 22 : 14}`} />}
          <text x="116" y={(mark === NOW ? 40 : 49) + index * 44}>
            {mark}
          </text>
        </g>
      ))}
      <g className="tide-staff-drops">
        <path d="M208 108c7 9 10 13 10 18a10 10 0 0 1-20 0c0-5 3-9 10-18z" />
        <path d="M240 80c5 7 7 10 7 13a7 7 0 0 1-14 0c0-3 2-6 7-13z" />
      </g>
    </svg>
  )
}
