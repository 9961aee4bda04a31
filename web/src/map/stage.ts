// The map and what is drawn on it: the part of the page that is loaded when somebody is signed in.
import "maplibre-gl/dist/maplibre-gl.css";
import "../styles/map.css";

export { Gestures } from "./gestures";
export { PlanMap } from "./plan-map";
