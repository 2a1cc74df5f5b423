// The shape of a dashboard as Grafana's own types have it, for what is written as JSON: there, an enum of strings is the
// string, and each panel's options are those of its kind.
import type { Dashboard as Schema, FieldConfigSource, Panel, RowPanel } from '@grafana/schema';
import type {
  FieldConfig as HeatmapConfig,
  Options as HeatmapOptions,
} from '@grafana/schema/dist/esm/raw/composable/heatmap/panelcfg/x/HeatmapPanelCfg_types.gen';
import type { Options as StatOptions } from '@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen';
import type {
  FieldConfig as TimeSeriesConfig,
  Options as TimeSeriesOptions,
} from '@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen';

type Json<T> = T extends string ? `${T}` : T extends object ? { [K in keyof T]: Json<T[K]> } : T;

// Grafana fills in what a file leaves out, so every option may be absent; none may be unknown.
type Some<T> = T extends (infer U)[] ? Some<U>[] : T extends object ? { [K in keyof T]?: Some<T[K]> } : T;

type Of<Kind extends string, Options, Config> = Omit<Panel, 'type' | 'options' | 'fieldConfig'> & {
  type: Kind;
  options: Some<Options>;
  fieldConfig: Omit<FieldConfigSource, 'defaults'> & {
    defaults: Omit<FieldConfigSource['defaults'], 'custom'> & { custom?: Some<Config> };
  };
};

type Known =
  | Of<'timeseries', TimeSeriesOptions, TimeSeriesConfig>
  | Of<'heatmap', HeatmapOptions, HeatmapConfig>
  | Of<'stat', StatOptions, never>
  | RowPanel;

// The query of an annotation is what its source makes of it, which the types leave open; this is Prometheus'.
type Annotation = Omit<NonNullable<NonNullable<Schema['annotations']>['list']>[number], 'target'> & {
  target: { refId: string; expr: string; interval: string };
  titleFormat: string;
};

export type Dashboard = Json<Omit<Schema, 'panels' | 'annotations'>> & {
  annotations: { list: Json<Annotation>[] };
  panels: Json<Known>[];
};
