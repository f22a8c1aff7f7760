/** The only file that names ECharts parts; a chart that needs another part adds it here. */
import { BarChart } from "echarts/charts";
import { AriaComponent, GridComponent, TooltipComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";

use([BarChart, GridComponent, TooltipComponent, AriaComponent, SVGRenderer]);

export { init };
