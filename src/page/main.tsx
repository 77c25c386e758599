/**
 * Starts the page: clock, theme, the supervisor's stream, and what is drawn of them.
 * It only starts.
 */
import { render } from 'preact';
import { readActor } from './actor.ts';
import { App } from './app.tsx';
import { startLive } from './live.ts';
import { startClock } from './now.ts';
import './style.css';
import { applyTheme } from './theme.ts';

applyTheme();
startClock();
startLive();
void readActor();
const place = document.getElementById('page');
if (place !== null) {
  place.replaceChildren();
  render(<App />, place);
}
